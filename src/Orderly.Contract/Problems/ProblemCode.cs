namespace Orderly.Contract.Problems;

/// <summary>
/// Every way in which the service refuses. On the wire a code is written with hyphens (<see cref="ProblemCodes"/>);
/// <c>/problems/{code}</c> explains each.
/// </summary>
public enum ProblemCode
{
    /// <summary>400: the body is not JSON.</summary>
    MalformedJson,

    /// <summary>400: the body was read, but several things in it cannot be.</summary>
    InvalidBody,

    /// <summary>400: a field that does not exist.</summary>
    UnknownField,

    /// <summary>400: a field stands twice in one object.</summary>
    DuplicateField,

    /// <summary>400: a required field is absent.</summary>
    MissingField,

    /// <summary>400: a value of the wrong JSON type.</summary>
    WrongType,

    /// <summary>400: text that cannot be stored (NUL, or half a surrogate pair).</summary>
    InvalidText,

    /// <summary>400: not an RFC 3339 time with an offset.</summary>
    InvalidTime,

    /// <summary>400: a number too large to be represented.</summary>
    NumberOutOfRange,

    /// <summary>400: several query parameters are wrong.</summary>
    InvalidQuery,

    /// <summary>400: a query parameter that does not exist here.</summary>
    UnknownParameter,

    /// <summary>400: a query parameter given twice.</summary>
    RepeatedParameter,

    /// <summary>400: a query parameter with a value that it cannot have.</summary>
    InvalidParameter,

    /// <summary>400: a cursor that this server did not make, or made for another list.</summary>
    InvalidCursor,

    /// <summary>400: a token of the feed that this server did not make.</summary>
    InvalidToken,

    /// <summary>400: a malformed If-Match or If-None-Match, or one that disagrees with the body.</summary>
    InvalidPrecondition,

    /// <summary>400: an Idempotency-Key that cannot be read, or on a request that takes none.</summary>
    InvalidIdempotencyKey,

    /// <summary>400: the HTTP message itself cannot be read.</summary>
    BadRequest,

    /// <summary>401: no key.</summary>
    MissingKey,

    /// <summary>401: a key that is not known, no longer valid, or malformed.</summary>
    UnknownKey,

    /// <summary>401: the token of a person that is not, not yet or no longer valid here.</summary>
    TokenNotAccepted,

    /// <summary>403: the key lacks the scope.</summary>
    MissingScope,

    /// <summary>403: the key can't be used from the address that the request came from.</summary>
    AddressNotAllowed,

    /// <summary>403: the token is valid, but names no role or not one team here.</summary>
    PersonNotAdmitted,

    /// <summary>403: a key can't give another one more than it has itself.</summary>
    CannotGrant,

    /// <summary>404: no such address.</summary>
    RouteNotFound,

    /// <summary>404: no such order.</summary>
    OrderNotFound,

    /// <summary>404: the order has no such version.</summary>
    RevisionNotFound,

    /// <summary>404: no such service record.</summary>
    ServiceNotFound,

    /// <summary>404: no such key.</summary>
    KeyNotFound,

    /// <summary>405: the address does not take this method.</summary>
    MethodNotAllowed,

    /// <summary>406: none of the asked media types can be given.</summary>
    NotAcceptable,

    /// <summary>408: the request took too long to arrive.</summary>
    RequestTimeout,

    /// <summary>409: the first request with this Idempotency-Key is still running.</summary>
    IdempotencyInFlight,

    /// <summary>409: the order is still too young to be updated.</summary>
    OrderNotYetUpdatable,

    /// <summary>409: a completed or cancelled order's content is frozen.</summary>
    OrderClosed,

    /// <summary>409: another live order of the team has this reference.</summary>
    ReferenceTaken,

    /// <summary>409: the order can't get that status from the one it has.</summary>
    IllegalTransition,

    /// <summary>409: without this key nobody could manage keys any more.</summary>
    LastAdminKey,

    /// <summary>409: the key is what the configuration says.</summary>
    ConfiguredKey,

    /// <summary>410: the feed no longer reaches back that far.</summary>
    TokenExpired,

    /// <summary>412: the order or record has changed since the version that the caller knows.</summary>
    StaleVersion,

    /// <summary>413: the body is too large.</summary>
    BodyTooLarge,

    /// <summary>414: the address is too long.</summary>
    AddressTooLong,

    /// <summary>415: the body's media type or encoding is not one this address takes.</summary>
    UnsupportedMediaType,

    /// <summary>422: another request was sent with this Idempotency-Key before.</summary>
    IdempotencyMismatch,

    /// <summary>422: the body was read, but several things in it are not acceptable.</summary>
    Unacceptable,

    /// <summary>422: text longer than its limit, or empty where it may not be.</summary>
    InvalidLength,

    /// <summary>422: a number or time outside its limits.</summary>
    OutOfRange,

    /// <summary>422: a number with too many decimals or digits.</summary>
    TooPrecise,

    /// <summary>422: fewer or more entries than the limits.</summary>
    InvalidCount,

    /// <summary>422: text that does not have the shape of what it should name.</summary>
    InvalidValue,

    /// <summary>422: not an ISO 4217 currency code.</summary>
    UnknownCurrency,

    /// <summary>422: no service record with this id.</summary>
    UnknownService,

    /// <summary>422: the service record is retired.</summary>
    RetiredService,

    /// <summary>422: totalfee cannot be computed and must be given.</summary>
    TotalfeeRequired,

    /// <summary>422: a read-only field with another value than the stored one.</summary>
    ReadOnlyField,

    /// <summary>422: a masked value that is not the one that was shown.</summary>
    MaskedValue,

    /// <summary>422: rows of an import of all or nothing were refused.</summary>
    ImportRefused,

    /// <summary>In an import: an order with this reference is there already.</summary>
    Duplicate,

    /// <summary>422: too many orders would have to be looked through for this list.</summary>
    ListTooBroad,

    /// <summary>428: a write must say which version it is based on.</summary>
    PreconditionRequired,

    /// <summary>429: the key has used up its quota for now.</summary>
    RateLimited,

    /// <summary>429: too many wrong keys came from this address.</summary>
    TooManyBadKeys,

    /// <summary>431: the request's headers are too large.</summary>
    HeadersTooLarge,

    /// <summary>500: a fault of the service.</summary>
    InternalError,

    /// <summary>500: what is personal of the order is not what was stored.</summary>
    PersonalDataUnreadable,

    /// <summary>503: the service has more work than it can do.</summary>
    Overloaded,

    /// <summary>503: the database cannot be reached.</summary>
    DatabaseUnavailable,

    /// <summary>503: tokens can't be checked, since the identity provider cannot be reached.</summary>
    ProviderUnavailable,
}
