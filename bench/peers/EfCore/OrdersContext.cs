using Microsoft.EntityFrameworkCore;

namespace Orderly.Bench.EfCore;

internal sealed class OrdersContext(DbContextOptions<OrdersContext> options) : DbContext(options)
{
    public DbSet<OrderEntity> Orders => Set<OrderEntity>();

    public DbSet<ServiceEntity> Services => Set<ServiceEntity>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<ServiceEntity>(service =>
        {
            service.ToTable("services");
            service.Property(s => s.Fee).HasPrecision(15, 4);
        });
        modelBuilder.Entity<OrderEntity>(order =>
        {
            order.ToTable("orders");
            order.Property(o => o.TotalFee).HasPrecision(15, 4);
            order.Property(o => o.Metadata).HasColumnType("jsonb");
            order.Property(o => o.Version).HasColumnName("version").IsConcurrencyToken();
            order.Property(o => o.CreatedAt).HasColumnName("created_at");
            order.HasIndex(o => o.Reference).IsUnique();
            order.HasIndex(o => new { o.CreatedAt, o.Id }).IsDescending();
            order.HasMany(o => o.Lines).WithOne().HasForeignKey(l => l.OrderId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<OrderLineEntity>(line =>
        {
            line.ToTable("order_lines");
            line.HasKey(l => new { l.OrderId, l.LineNo });
            line.Property(l => l.Fee).HasPrecision(15, 4);
            line.HasOne<ServiceEntity>().WithMany().HasForeignKey(l => l.ServiceId).OnDelete(DeleteBehavior.Restrict);
        });
    }
}

internal sealed class ServiceEntity
{
    public required string Id { get; set; }

    public required string Name { get; set; }

    public decimal? Fee { get; set; }
}

internal sealed class OrderEntity
{
    public Guid Id { get; set; }

    public string Status { get; set; } = "placed";

    public DateTimeOffset Datetime { get; set; }

    public decimal TotalFee { get; set; }

    public required string Currency { get; set; }

    public string? Reference { get; set; }

    public string? Notes { get; set; }

    public Dictionary<string, string> Metadata { get; set; } = [];

    public int Version { get; set; } = 1;

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset UpdatedAt { get; set; }

    public List<OrderLineEntity> Lines { get; set; } = [];
}

internal sealed class OrderLineEntity
{
    public Guid OrderId { get; set; }

    public int LineNo { get; set; }

    public required string ServiceId { get; set; }

    public required string Name { get; set; }

    public int Quantity { get; set; }

    public decimal Fee { get; set; }
}
