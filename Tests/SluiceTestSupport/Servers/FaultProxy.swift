// SPDX-License-Identifier: Apache-2.0
// A proxy between a client and an object server that breaks what passes through it, by plan. Each request is
// read whole and sent on over a connection of its own; the Host header stays, so that signatures stay right.

import Glibc
import SluiceBase
import Synchronization

/// What happens to one request or its answer.
package enum ProxyFault: Sendable {
    /// The server never sees the request.
    case refuse(status: Int, headers: [String] = [], body: String = "")
    /// The connection breaks before the server sees the request.
    case resetBefore
    /// The server does what was asked, and the answer is lost.
    case loseAnswer
    /// The connection breaks after that many bytes of the answer's body.
    case breakBody(after: Int)
    /// The body ends early, and the head agrees with it.
    case shortBody(by: Int)
    /// The body goes on with zeros, and the head agrees with it.
    case longBody(by: Int)
    /// One bit of the answer's body is another.
    case flipAnswer(at: Int)
    /// One bit of what the server stores is another.
    case flipRequest(at: Int)
    /// A header of the answer, in place of the server's.
    case header(String, String)
    /// The server does what was asked; the client gets this body, with the status of success.
    case answer(body: String)
    /// Nothing comes until the client gives up.
    case stall
}

/// A request as plans see it.
package struct ProxyRequest: Sendable {
    /// From 1, over all connections.
    package let number: Int
    package let method: String
    /// Path and query as they were sent.
    package let target: String
}

/// Decides what goes wrong; called once for each request.
package typealias ProxyPlan = @Sendable (ProxyRequest) -> ProxyFault?

/// A running proxy, stopped with its last reference.
package final class FaultProxy: Sendable {
    package let port: UInt16
    private let listener: Int32
    private let core: ProxyCore

    package var endpoint: String { "127.0.0.1:\(port)" }
    /// Requests that came so far.
    package var requestCount: Int { core.count.load(ordering: .relaxed) }

    package init(to upstream: UInt16, plan: @escaping ProxyPlan) throws {
        core = ProxyCore(upstream: upstream, plan: plan)
        (listener, port) = try Self.listen()
        let (listener, core) = (listener, core)
        _ = try WorkerThread(name: "proxy") {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                let thread = try? WorkerThread(name: "proxy-client") { core.serve(client) }
                if thread == nil { close(client) }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private static func listen() throws -> (Int32, UInt16) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw SystemError(errno, "socket") }
        var address = LoopbackPort.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard unsafe bind(socket, generic, length) == 0, Glibc.listen(socket, 128) == 0 else {
                    return errno
                }
                return unsafe getsockname(socket, generic, &length) == 0 ? 0 : errno
            }
        }
        guard code == 0 else { throw SystemError(code, "bind") }
        return (socket, UInt16(bigEndian: address.sin_port))
    }
}

/// What the threads of a proxy share.
private final class ProxyCore: Sendable {
    private let upstream: UInt16
    private let plan: ProxyPlan
    let count = Atomic(0)

    init(upstream: UInt16, plan: @escaping ProxyPlan) {
        self.upstream = upstream
        self.plan = plan
    }

    /// Serves one client until it goes, or a fault ends it.
    func serve(_ client: Int32) {
        let stream = SocketStream(client)
        while let request = stream.message(isAnswer: false) {
            guard pass(request, stream) else { break }
        }
        close(client)
    }

    /// - Returns: whether the connection goes on.
    private func pass(_ request: WireMessage, _ client: SocketStream) -> Bool {
        let words = request.firstLine.split(separator: " ")
        guard words.count == 3 else { return false }
        let number = count.add(1, ordering: .relaxed).newValue
        let seen = ProxyRequest(number: number, method: String(words[0]), target: String(words[1]))
        let fault = plan(seen)
        switch fault {
        case .refuse(let status, let headers, let body):
            let lines = ["HTTP/1.1 \(status) Fault"] + headers
            return client.send(WireMessage(lines: lines, body: Array(body.utf8)))
        case .resetBefore:
            client.reset()
            return false
        case .stall:
            client.waitForEnd()
            return false
        default: break
        }
        var request = request
        request.lines[0] = "\(words[0]) \(words[1]) HTTP/1.0"
        if case .flipRequest(let offset) = fault, request.body.indices.contains(offset) {
            request.body[offset] ^= 1
        }
        guard var answer = forward(request) else { return false }
        answer.isHead = seen.method == "HEAD"
        return damage(&answer, fault, client)
    }

    private func damage(_ answer: inout WireMessage, _ fault: ProxyFault?, _ client: SocketStream) -> Bool {
        switch fault {
        case .loseAnswer:
            client.reset()
            return false
        case .breakBody(let count):
            client.send(answer, bodyLimit: count)
            client.reset()
            return false
        case .shortBody(let count): answer.body.removeLast(min(count, answer.body.count))
        case .longBody(let count): answer.body += [UInt8](repeating: 0, count: count)
        case .flipAnswer(let offset) where answer.body.indices.contains(offset): answer.body[offset] ^= 1
        case .header(let name, let value): answer.set(name, value)
        case .answer(let body): answer.body = Array(body.utf8)
        case .flipAnswer, .flipRequest, .refuse, .resetBefore, .stall, nil: break
        }
        return client.send(answer)
    }

    private func forward(_ request: WireMessage) -> WireMessage? {
        let socket = LoopbackPort.connection(to: upstream)
        guard socket >= 0 else { return nil }
        defer { close(socket) }
        let stream = SocketStream(socket)
        guard stream.send(request) else { return nil }
        return stream.message(isAnswer: true)
    }
}

/// Head and body of a request or an answer.
private struct WireMessage {
    /// Without line ends; the first is the request or status line.
    var lines: [String]
    var body: [UInt8]
    /// An answer to HEAD: its length is that of a body which is not there.
    var isHead = false

    init(lines: [String], body: [UInt8]) {
        self.lines = lines
        self.body = body
    }

    var firstLine: String { lines.first ?? "" }

    subscript(name: String) -> String? {
        let start = "\(name.lowercased()):"
        guard let line = lines.dropFirst().first(where: { $0.lowercased().hasPrefix(start) }) else {
            return nil
        }
        return String(line.dropFirst(start.count).drop { $0 == " " })
    }

    mutating func set(_ name: String, _ value: String) {
        let start = "\(name.lowercased()):"
        lines.removeAll { $0.lowercased().hasPrefix(start) }
        lines.append("\(name): \(value)")
    }

    /// As it goes over the wire, with the right length.
    func bytes(bodyLimit: Int) -> [UInt8] {
        var message = self
        for name in ["connection", "transfer-encoding"] {
            message.lines.removeAll { $0.lowercased().hasPrefix("\(name):") }
        }
        let hasNoBody = firstLine.contains(" 204 ") || firstLine.contains(" 304 ")
        if !isHead, !hasNoBody { message.set("Content-Length", String(body.count)) }
        let head = (message.lines + ["", ""]).joined(separator: "\r\n")
        return Array(head.utf8) + (isHead ? [] : body.prefix(bodyLimit))
    }
}

/// Reads and writes messages on a socket, one thread at a time.
private final class SocketStream {
    private let socket: Int32
    private var pending: [UInt8] = []

    init(_ socket: Int32) {
        self.socket = socket
    }

    /// The next message; nil when the other side is gone.
    func message(isAnswer: Bool) -> WireMessage? {
        let end = Array("\r\n\r\n".utf8)
        var range = pending.firstRange(of: end)
        while range == nil {
            guard fill() else { return nil }
            range = pending.firstRange(of: end)
        }
        guard let range else { return nil }
        let head = String(decoding: pending[..<range.lowerBound], as: UTF8.self)
        pending.removeSubrange(..<range.upperBound)
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        var message = WireMessage(lines: lines, body: [])
        if isAnswer {
            // Asked as HTTP/1.0: the body ends with the connection.
            while fill() {}
            message.body = pending
        } else {
            let length = message["content-length"].flatMap { Int($0) } ?? 0
            while pending.count < length { guard fill() else { return nil } }
            message.body = Array(pending.prefix(length))
            pending.removeFirst(length)
        }
        return message
    }

    private func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        let count = unsafe recv(socket, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        pending += buffer[..<count]
        return true
    }

    @discardableResult
    func send(_ message: WireMessage, bodyLimit: Int = .max) -> Bool {
        let bytes = message.bytes(bodyLimit: bodyLimit)
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    socket,
                    bytes.baseAddress.map { unsafe $0 + sent },
                    bytes.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Makes the coming close a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Returns when the other side has closed.
    func waitForEnd() {
        while fill() {}
    }
}
