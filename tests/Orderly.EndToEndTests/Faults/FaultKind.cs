namespace Orderly.EndToEndTests.Faults;

/// <summary>What can happen to a running service.</summary>
internal enum FaultKind
{
    /// <summary>kill -9 of a server, which is started again.</summary>
    KillServer,

    /// <summary>kill -9 of the backend that serves a server's connection; PostgreSQL then restarts all.</summary>
    KillBackend,

    /// <summary>kill -9 of PostgreSQL's postmaster, which its supervisor starts again.</summary>
    KillPostmaster,

    /// <summary>A server stands still for a while (SIGSTOP, SIGCONT).</summary>
    FreezeServer,

    /// <summary>Every backend of PostgreSQL stands still for a while.</summary>
    FreezeDatabase,

    /// <summary>
    /// The backends of a server stand still, its connections break, and then what they had begun goes on.
    /// </summary>
    OrphanBackends,

    /// <summary>The connections of a server to its database are reset.</summary>
    CutDatabase,

    /// <summary>Answers of the database are lost after the request was sent, the commit's among them.</summary>
    LoseDatabaseAnswers,

    /// <summary>Answers of a server are lost after the request was sent.</summary>
    LoseAnswers,

    /// <summary>The clients' connections are closed on one side.</summary>
    HalfClose,

    /// <summary>Everything takes long on its way for a while.</summary>
    Delay,
}
