using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Orderly.Server.Http.Description;

/// <summary>
/// Tells the API explorer of the bodies that handlers read by themselves, so that their schemas are made and shared
/// as those of bound bodies are. (Metadata of the framework would also have the router refuse other media types,
/// before the key was looked at.)
/// </summary>
internal sealed class DescribedBodies : IApiDescriptionProvider
{
    /// <summary>Behind the framework's own provider (-1100), whose findings are added to.</summary>
    public int Order => 0;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
        var metadata = new EmptyModelMetadataProvider();
        foreach (var description in context.Results)
        {
            if (description.ActionDescriptor.EndpointMetadata.OfType<TakesBody>().FirstOrDefault() is not { } body)
            {
                continue;
            }

            description.ParameterDescriptions.Add(new ApiParameterDescription
            {
                Name = "body",
                Source = BindingSource.Body,
                Type = body.Type,
                ModelMetadata = metadata.GetMetadataForType(body.Type),
                IsRequired = !body.IsOptional,
            });
            description.SupportedRequestFormats.Add(new ApiRequestFormat { MediaType = body.MediaType });
            if (body.OtherMediaType is { } other)
            {
                description.SupportedRequestFormats.Add(new ApiRequestFormat { MediaType = other });
            }
        }
    }

    public void OnProvidersExecuted(ApiDescriptionProviderContext context)
    {
    }
}
