// SPDX-License-Identifier: Apache-2.0
// Real object servers on loopback ports, started by the tests that need them and stopped with them.

import Glibc
import SluiceBase
import Synchronization
import Testing

/// A running server that speaks S3, WebDAV or SFTP, with a folder of its own.
package final class ObjectServer: Sendable {
    /// Which program serves.
    package enum Kind: String, Sendable, CaseIterable, CustomTestStringConvertible {
        case rclone
        case moto
        /// The real program's gateway, which speaks MinIO's dialect.
        case gateway
        /// rclone's WebDAV, over the folder `data`.
        case webdav
        /// The real program's WebDAV, over a volume.
        case peerWebdav
        /// Apache's WebDAV, over the folder `data`.
        case apache
        /// rclone's SFTP, over the folder `data`, with a password.
        case sftp

        package var testDescription: String { rawValue }
    }

    package let kind: Kind
    package let port: UInt16
    package static let accessKey = "sluicetestkey"
    package static let secretKey = "sluice/test+secret"
    /// The only bucket of a gateway; the others have any.
    package static let gatewayBucket = "gatewayvol"

    private let place: Workplace
    private let process: Int32

    /// `127.0.0.1:PORT`.
    package var endpoint: String { "127.0.0.1:\(port)" }

    /// Whether the server's program is installed.
    package static func isInstalled(_ kind: Kind) -> Bool { program(kind) != nil }

    private static func program(_ kind: Kind) -> String? {
        switch kind {
        case .rclone, .webdav, .sftp: Programs.peerTool("rclone")
        case .moto: Programs.peerTool("moto_server")
        case .gateway, .peerWebdav: Programs.peer
        case .apache: Programs.named("apache2")
        }
    }

    /// Starts a server and waits until it answers.
    package init(_ kind: Kind) throws {
        guard let path = Self.program(kind) else {
            throw ProgramError(description: "\(kind.rawValue) is not installed")
        }
        self.kind = kind
        place = try Workplace()
        port = try LoopbackPort.free()
        var environment = place.environment
        environment["MINIO_ROOT_USER"] = Self.accessKey
        environment["MINIO_ROOT_PASSWORD"] = Self.secretKey
        environment["WEBDAV_USER"] = Self.accessKey
        environment["WEBDAV_PASSWORD"] = Self.secretKey
        // moto checks no keys; signatures are checked by the other two.
        let arguments: [String]
        switch kind {
        case .rclone:
            try place.script("mkdir -p data")
            arguments = [
                "serve", "s3", "--addr", "127.0.0.1:\(port)", "--auth-key",
                "\(Self.accessKey),\(Self.secretKey)", "--vfs-cache-mode", "off",
                "--poll-interval", "0", ":memory:",
            ]
        case .moto: arguments = ["-H", "127.0.0.1", "-p", "\(port)"]
        case .gateway:
            try Self.formatGateway(place, path)
            arguments = [
                "gateway", "--no-agent", "--no-usage-report", "--no-banner", "--keep-etag", "--backup-meta",
                "0",
                "--metrics", "127.0.0.1:0", "--cache-size", "0", place.address("gw"), "127.0.0.1:\(port)",
            ]
        case .webdav:
            try place.script("mkdir -p data")
            arguments =
                [
                    "serve", "webdav", "--addr", "127.0.0.1:\(port)", "--user", Self.accessKey, "--pass",
                    Self.secretKey,
                ] + Self.plainFolder + [place.path("data")]
        case .apache: arguments = try Self.configureApache(place, port)
        case .sftp:
            try place.script("mkdir -p data")
            arguments =
                [
                    "serve", "sftp", "--addr", "127.0.0.1:\(port)", "--user", Self.accessKey, "--pass",
                    Self.secretKey,
                ] + Self.plainFolder + [place.path("data")]
        case .peerWebdav:
            try Self.formatGateway(place, path)
            arguments = [
                "webdav", "--no-agent", "--no-usage-report", "--backup-meta", "0", "--metrics",
                "127.0.0.1:0", "--cache-size", "0", place.address("gw"), "127.0.0.1:\(port)",
            ]
        }
        var program = Program(path, arguments, environment: environment)
        program.limitSeconds = 600
        let running = try program.start()
        process = running.process
        try ServerReaper.adopt(running, place.folder)
        guard LoopbackPort.waitUntilOpen(port, orEnded: process) else {
            throw ProgramError(description: "\(kind.rawValue) did not open port \(port)")
        }
    }

    /// Lets rclone serve a folder as it is.
    ///
    /// A cache of directories it has to have: without, it reads them for every request, which costs more with
    /// each file.
    private static let plainFolder = [
        "--vfs-cache-mode", "off", "--poll-interval", "0", "--no-unicode-normalization",
    ]

    private static func formatGateway(_ place: Workplace, _ peer: String) throws {
        try place.script("mkdir -p gwstore")
        let format = Program(
            peer,
            [
                "format", "--no-agent", "--trash-days", "0", "--bucket", place.path("gwstore"),
                place.address("gw"), gatewayBucket,
            ],
            environment: place.environment
        )
        let result = try format.run()
        guard result.status == 0 else { throw ProgramError(description: result.story) }
    }

    /// A path in the folder of the server.
    package func path(_ name: String) -> String { place.path(name) }

    deinit {
        ServerReaper.forget(process)
        kill(-process, SIGKILL)
    }
}

/// Waits for the ends of servers, so that none stays a zombie, and ends those that live as long as the tests.
enum ServerReaper {
    /// Processes with their folders, in the order in which they were started.
    private static let started = Mutex<[(process: Int32, folder: String)]>([])

    /// Runs when the process of the tests exits, which ends no object that lives that long.
    private static let isWatching: Bool = {
        atexit { ServerReaper.endAll() } == 0
    }()

    private static func endAll() {
        for (process, folder) in started.withLock({ $0 }) {
            kill(-process, SIGKILL)
            // Nobody is left to tell.
            try? Posix.removeTree(ByteString(folder))
        }
    }

    /// The server has ended: its number may be another's from now on.
    static func forget(_ process: Int32) {
        started.withLock { $0.removeAll { $0.process == process } }
    }

    static func adopt(_ running: consuming RunningProgram, _ folder: String) throws {
        let process = running.process
        guard isWatching else { throw ProgramError(description: "atexit failed") }
        started.withLock { $0.append((process, folder)) }
        let handover = Handover(running)
        _ = try WorkerThread(name: "server") { handover.finish() }
    }

    /// `@unchecked Sendable`: made by one thread, then used by the other only.
    private final class Handover: @unchecked Sendable {
        private var running: RunningProgram?

        init(_ running: consuming RunningProgram) {
            self.running = consume running
        }

        func finish() {
            // A server ends by being killed; what it printed is of no interest then.
            guard let running = running.take() else { return }
            _ = try? running.wait()
        }
    }
}

extension LoopbackPort {
    /// 127.0.0.1 with that port.
    static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// A socket that is connected to the port, -1 when nobody listens.
    static func connection(to port: UInt16) -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return -1 }
        var address = loopback(port)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe connect(socket, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code != 0 else { return socket }
        close(socket)
        return -1
    }

    /// Polls until somebody listens, for half a minute at most; false when the process ended first.
    static func waitUntilOpen(_ port: UInt16, orEnded process: Int32) -> Bool {
        let deadline = MonotonicTime.now + .seconds(30)
        while MonotonicTime.now < deadline {
            let socket = connection(to: port)
            if socket >= 0 {
                close(socket)
                return true
            }
            guard kill(process, 0) == 0 else { return false }
            poll(nil, 0, 20)
        }
        return false
    }
}
