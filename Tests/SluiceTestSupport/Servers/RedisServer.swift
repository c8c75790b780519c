// SPDX-License-Identifier: Apache-2.0
// Redis servers of Debian's package, each a child in a temporary folder of its own. A server counts as
// started when it answers; it is killed, waited for and its folder removed when its object goes.

import Glibc
import SluiceBase
import Synchronization

/// A running redis-server or Sentinel.
package final class RedisServer: Sendable {
    /// What a server is started with.
    package struct Options: Sendable {
        /// Lines of the configuration file, after the usual ones.
        package var lines: [String] = []
        /// A free loopback port, which speaks TLS when there are certificates; a Unix socket is always there.
        package var hasPort = false
        package var certificates: TestCertificates?
        /// With certificates: whether clients need one of the same authority.
        package var asksForCertificate = false
        /// A file that the server reads and, as a Sentinel, rewrites; nothing else makes it a Sentinel.
        package var isSentinel = false
        /// Whether it is a node of a cluster.
        package var isNode = false

        package init() {}

        /// - Parameter lines: of the configuration file.
        package init(_ lines: String...) {
            self.lines = lines
        }
    }

    /// Nil where there is no redis-server.
    package static var program: String? { Programs.named("redis-server") }

    package let folder: String
    /// 0 without one.
    package let port: UInt16
    private let process: Mutex<Int32?>

    package var socket: String { "\(folder)/s" }
    /// The address over the Unix socket, with options that begin with `&`.
    package func address(database: Int = 0, _ options: String = "") -> String {
        "unix://\(socket)?db=\(database)\(options)"
    }

    /// Starts a server and waits until it answers.
    /// - Throws: `ProgramError` with its log when it does not.
    package init(_ options: Options = Options()) throws {
        guard let program = Self.program else { throw ProgramError(description: "there is no redis-server") }
        folder = "\(try Posix.makeTemporaryDirectory(prefix: "sluice-redis-"))"
        port = options.hasPort || options.isNode || options.isSentinel ? try LoopbackPort.free() : 0
        let file = "\(folder)/redis.conf"
        let lines = Self.configuration(options, port: port, folder: folder) + options.lines
        try Posix.replaceFile(ByteString(file), with: Array(lines.joined(separator: "\n").utf8))
        process = Mutex(try Self.start(program, file, isSentinel: options.isSentinel))
        do {
            try waitUntilAnswers()
        } catch {
            kill()
            try? Posix.removeTree(ByteString(folder))
            throw error
        }
    }

    deinit {
        kill()
        try? Posix.removeTree(ByteString(folder))
    }

    /// Ends the server at once, as a power cut would.
    package func kill() {
        process.withLock { process in
            guard let number = process else { return }
            Glibc.kill(number, SIGKILL)
            var status: Int32 = 0
            while unsafe waitpid(number, &status, 0) < 0, errno == EINTR {}
            process = nil
        }
    }

    /// Stops and continues the process: connections stay, nothing is answered.
    package func signal(_ number: Int32) {
        process.withLock { process in
            if let process { Glibc.kill(process, number) }
        }
    }

    /// Starts a killed server again in the same folder on the same port.
    /// - Parameter isLoading: comes back while it still loads its data; with little data and no configured
    ///   delay a server may be done before that is seen, which is an error.
    package func restart(isLoading: Bool = false) throws {
        guard let program = Self.program else { throw ProgramError(description: "there is no redis-server") }
        kill()
        let child = try Self.start(program, "\(folder)/redis.conf", isSentinel: false)
        process.withLock { $0 = child }
        try waitUntilAnswers(isLoading: isLoading)
    }

    /// Sends a command over the Unix socket as the default user without a password.
    /// - Returns: the first line of the answer, with its first sign.
    @discardableResult
    package func command(_ words: String...) throws -> String {
        try RedisWire.connected(to: socket).ask(words)
    }

    /// Sends a command whose answer is a list of strings.
    package func elements(_ words: String...) throws -> [String] {
        try RedisWire.connected(to: socket).list(words)
    }

    /// What the server wrote about itself.
    package var log: String {
        let text = try? Posix.readWholeFile(ByteString("\(folder)/log"), limit: 1 << 20)
        return String(decoding: text ?? [], as: UTF8.self)
    }

    // MARK: Starting

    private static func configuration(_ options: Options, port: UInt16, folder: String) -> [String] {
        var lines = [
            "dir \(folder)", "logfile \(folder)/log", "unixsocket \(folder)/s", "bind 127.0.0.1",
            "protected-mode no", "daemonize no",
        ]
        if !options.isSentinel { lines += ["save \"\"", "appendonly no"] }
        if let certificates = options.certificates {
            lines += [
                "port 0", "tls-port \(port)", "tls-cert-file \(certificates.path("server.pem"))",
                "tls-key-file \(certificates.path("server.key"))",
                "tls-ca-cert-file \(certificates.path("ca.pem"))",
                "tls-auth-clients \(options.asksForCertificate ? "yes" : "no")",
            ]
        } else {
            lines.append("port \(port)")
        }
        if options.isNode {
            // The bus of a cluster is 10000 higher by default, which may be no port.
            lines += [
                "cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 1000",
                "cluster-port \(port - 5000)",
            ]
        }
        return lines
    }

    private static func start(_ program: String, _ file: String, isSentinel: Bool) throws -> Int32 {
        let command = Program(
            program,
            [file] + (isSentinel ? ["--sentinel"] : []),
            environment: ["PATH": Programs.searchPath, "LC_ALL": "C"]
        )
        return try command.startServer()
    }

    private func waitUntilAnswers(isLoading: Bool = false) throws {
        let answers = retrying { () -> Bool in
            guard let answer = try? command("PING") else { return false }
            guard !isLoading else { return answer.hasPrefix("-LOADING") }
            // A server with a password answers too.
            return answer.hasPrefix("+PONG") || answer.hasPrefix("-NOAUTH") || answer.hasPrefix("-DENIED")
        }
        guard answers else { throw ProgramError(description: "redis-server does not answer: \(log)") }
    }
}

/// Asks again and again, for 20 s at most, until something outside of this process is so.
/// - Returns: whether it was.
package func retrying(_ isSo: () throws -> Bool) rethrows -> Bool {
    let end = MonotonicTime.now + .seconds(20)
    while MonotonicTime.now < end {
        if try isSo() { return true }
        _ = poll(nil, 0, 10)
    }
    return try isSo()
}

package enum LoopbackPort {
    /// A port of 127.0.0.1 that nobody listens on, from 20000 on; the system would not give the same again
    /// soon, but another program may take it.
    package static func free() throws -> UInt16 {
        for _ in 0..<100 {
            let port = UInt16.random(in: 20000..<32000)
            if isFree(port), isFree(port - 5000) { return port }
        }
        throw ProgramError(description: "no free port")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return false }
        defer { close(number) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// The least client that can set up a server: one command, one answer.
struct RedisWire: ~Copyable {
    private let descriptor: FileDescriptor

    private init(_ descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
    }

    static func connected(to path: String) throws -> RedisWire {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw SystemError(errno, "socket") }
        let descriptor = FileDescriptor(adopting: number)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            precondition(bytes.count < buffer.count, "a path of a socket")
            unsafe buffer.copyBytes(from: bytes)
        }
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0 else { throw SystemError(errno, "connect", ByteString(path)) }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return RedisWire(descriptor)
    }

    /// - Returns: the first line; of a string its content.
    func ask(_ words: [String]) throws -> String {
        try send(words)
        return try answer()
    }

    /// - Returns: the strings of a list, nothing for any other answer.
    func list(_ words: [String]) throws -> [String] {
        try send(words)
        let count = Int(try line().dropFirst()) ?? 0
        return try (0..<count).map { _ in
            let element = try answer()
            _ = try line()
            return element
        }
    }

    private func send(_ words: [String]) throws {
        var request = "*\(words.count)\r\n"
        for word in words { request += "$\(word.utf8.count)\r\n\(word)\r\n" }
        try descriptor.write(Array(request.utf8))
    }

    private func answer() throws -> String {
        let head = try line()
        guard head.hasPrefix("$"), let length = Int(head.dropFirst()), length >= 0 else { return head }
        let content = try descriptor.read(count: length)
        return String(decoding: content, as: UTF8.self)
    }

    private func line() throws -> String {
        var bytes: [UInt8] = []
        while let byte = try descriptor.read(count: 1).first {
            if byte == UInt8(ascii: "\n") { break }
            if byte != UInt8(ascii: "\r") { bytes.append(byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
