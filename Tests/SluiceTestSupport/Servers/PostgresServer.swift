// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server of Debian's package in a temporary folder. A shell starts it, and stops it and removes
// the folder as soon as its connection to this process closes: that happens however the tests end.

import Glibc
import SluiceBase
import Synchronization

/// A running server with trust for everybody but the role `keeper`, who has a password.
package final class PostgresServer: Sendable {
    /// The server that tests share, started by the first one.
    private static let sharedServer = Result { try PostgresServer() }

    /// - Throws: `ProgramError` when it does not start.
    package static var shared: PostgresServer {
        get throws { try sharedServer.get() }
    }

    /// Where the server's programs are; nil when it is not installed.
    package static let programs: String? = {
        let folder = "/usr/lib/postgresql"
        let versions = (try? Posix.listDirectory(ByteString(folder)))?.map { "\($0.name)" } ?? []
        return versions.sorted().reversed().map { "\(folder)/\($0)/bin" }.first {
            Programs.isExecutable("\($0)/initdb")
        }
    }()

    package static let password = "geheim:@/?"

    package let folder: String
    package let port: UInt16
    /// The server lives as long as this is open.
    private let connection: FileDescriptor
    private let nextName = Atomic<Int>(0)

    /// - Parameter hasTLS: whether the server has a certificate, `server.crt` in the folder, for `localhost`.
    package init(hasTLS: Bool = false) throws {
        guard let programs = Self.programs, let shell = Programs.named("sh") else {
            throw ProgramError(description: "PostgreSQL is not installed")
        }
        folder = "\(try Posix.makeTemporaryDirectory(prefix: "sluice-postgres-"))"
        port = try freePort()
        let arguments = [shell, "-c", Self.script, "sh", folder, programs, "\(port)", hasTLS ? "on" : "off"]
        connection = FileDescriptor(adopting: try Self.spawn(shell, arguments))
        var answer = [UInt8](repeating: 0, count: 6)
        let count = try unsafe answer.withUnsafeMutableBytes { try unsafe connection.readFully(into: $0) }
        guard count == 6 else {
            throw ProgramError(description: "PostgreSQL does not start, see \(folder)/log")
        }
        try run("CREATE ROLE keeper LOGIN PASSWORD '\(Self.password)'")
    }

    private static let script = """
        folder=$1; bin=$2; port=$3; tls=$4
        if [ "$(id -u)" = 0 ]; then as="setpriv --reuid=postgres --regid=postgres --init-groups"; fi
        chmod 755 "$folder"; mkdir "$folder/data" "$folder/run"
        if [ -n "$as" ]; then chown postgres "$folder/data" "$folder/run"; fi
        $as "$bin/initdb" -D "$folder/data" -A trust -U postgres --no-sync -E UTF8 --locale=C.UTF-8 \
            >"$folder/log" 2>&1 || exit 1
        printf '%s\\n' 'local all all trust' 'host all keeper 127.0.0.1/32 scram-sha-256' \
            'host all all 127.0.0.1/32 trust' >"$folder/data/pg_hba.conf"
        if [ "$tls" = on ]; then
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
                -addext subjectAltName=DNS:localhost -keyout "$folder/server.key" -out "$folder/server.crt" \
                >>"$folder/log" 2>&1 || exit 1
            chmod 600 "$folder/server.key"
            if [ -n "$as" ]; then chown postgres "$folder/server.key"; fi
        fi
        $as "$bin/pg_ctl" -w -D "$folder/data" -l "$folder/run/log" -o "-k $folder/run -p $port \
            -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300 -c deadlock_timeout=50ms \
            -c ssl=$tls -c ssl_cert_file=$folder/server.crt -c ssl_key_file=$folder/server.key" \
            start >>"$folder/log" 2>&1 3>&- || exit 1
        echo ready >&3
        exec 3>&-
        read -r end
        $as "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1
        rm -rf "$folder"
        """

    /// Starts the shell.
    /// - Returns: our end of a connection to its standard input and its descriptor 3.
    private static func spawn(_ shell: String, _ arguments: [String]) throws -> Int32 {
        // Unlike a pipe it is never inherited by what other threads start meanwhile.
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError(errno, "socketpair") }
        defer { Glibc.close(ends[0]) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[0], 3)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // A group of its own: what stops the tests from a terminal must not stop what cleans up.
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var process = pid_t()
        let environment = ["PATH=\(Programs.searchPath)", "LC_ALL=C"]
        let code = unsafe withCStrings(arguments) { arguments in
            unsafe withCStrings(environment) { environment in
                unsafe posix_spawn(
                    &process,
                    shell,
                    &actions,
                    &attributes,
                    arguments,
                    environment
                )
            }
        }
        guard code == 0 else { throw SystemError(code, "posix_spawn") }
        return ends[1]
    }

    /// An address over the Unix socket.
    /// - Parameter options: begin with `&`.
    package func address(database: String = "postgres", _ options: String = "") -> String {
        "postgres://postgres@/\(database)?host=\(folder)/run&port=\(port)\(options)"
    }

    /// A name that no test has used yet.
    package func freshName() -> String {
        "t\(nextName.add(1, ordering: .relaxed).newValue)"
    }

    /// Makes an empty database.
    package func makeDatabase() throws -> String {
        let name = freshName()
        try run("CREATE DATABASE \(name)")
        return name
    }

    /// Runs statements, each by itself, from the outside.
    /// - Returns: what they answer: a line per row, columns separated by `|`.
    @discardableResult
    package func run(_ text: String, in database: String = "postgres") throws -> String {
        guard let psql = Self.programs.map({ "\($0)/psql" }) else {
            throw ProgramError(description: "PostgreSQL is not installed")
        }
        var program = Program(
            psql,
            [
                "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "\(folder)/run", "-p", "\(port)", "-U", "postgres",
                database,
            ],
            environment: ["PATH": Programs.searchPath]
        )
        program.input = Array(text.utf8)
        let result = try program.run()
        guard result.status == 0 else { throw ProgramError(description: result.story) }
        return result.text
    }

    /// The schema of a database as pg_dump writes it, without what differs from run to run.
    package func schema(of database: String) throws -> [String] {
        guard let programs = Self.programs else {
            throw ProgramError(description: "PostgreSQL is not installed")
        }
        let program = Program(
            "\(programs)/pg_dump",
            ["-s", "-h", "\(folder)/run", "-p", "\(port)", "-U", "postgres", database],
            environment: ["PATH": Programs.searchPath]
        )
        let ignored = ["--", "SET ", "SELECT ", "\\restrict", "\\unrestrict"]
        return try program.run().text.split(separator: "\n").map(String.init).filter { line in
            !ignored.contains { line.hasPrefix($0) }
        }
    }
}

/// A port of the loopback interface that is free now.
private func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError(errno, "socket") }
    defer { Glibc.close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            let bound = unsafe bind(descriptor, pointer, length)
            return unsafe bound == 0 ? getsockname(descriptor, pointer, &length) : bound
        }
    }
    guard code == 0 else { throw SystemError(errno, "bind") }
    return UInt16(bigEndian: address.sin_port)
}
