// SPDX-License-Identifier: Apache-2.0

import Glibc
import SluiceBase
import SluiceTestSupport
import Synchronization

/// Stands between a client and a server, and cuts the connection when the client sends a certain text.
final class PostgresProxy: Sendable {
    enum Cut {
        /// The server never sees it.
        case before
        /// The server answers, and the client never sees that.
        case afterAnswer
    }

    let port: UInt16
    private let server: PostgresServer
    private let listener: FileDescriptor
    private let cut: Cut
    private let text: [UInt8]
    /// How often the connection is still to be cut.
    private let cutsLeft: Atomic<Int>
    private let threads = Mutex<[WorkerThread]>([])

    init(to server: PostgresServer, cutting cut: Cut, at text: String, times: Int = 1) throws {
        self.server = server
        self.cut = cut
        self.text = Array(text.utf8)
        cutsLeft = Atomic(times)
        let (descriptor, port) = try Loopback.listen()
        listener = FileDescriptor(adopting: descriptor)
        self.port = port
        let accepting = try WorkerThread(name: "proxy") { [weak self] in
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else { return }
                self?.serve(client)
            }
        }
        threads.withLock { $0.append(accepting) }
    }

    /// Ends the proxy: connections that are open go on until either side closes them.
    func stop() {
        shutdown(listener.raw, Int32(SHUT_RDWR))
        for thread in threads.withLock({ $0 }) { thread.join() }
    }

    var cuts: Int { cutsLeft.load(ordering: .relaxed) }

    private func serve(_ client: Int32) {
        guard let remote = try? Loopback.connect(to: server.port) else {
            close(client)
            return
        }
        let thread = try? WorkerThread(name: "proxied") { [self] in
            relay(client, remote)
            close(client)
            close(remote)
        }
        if let thread { threads.withLock { $0.append(thread) } }
    }

    private func relay(_ client: Int32, _ remote: Int32) {
        var isLast = false
        while true {
            var ends = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: remote, events: Int16(POLLIN), revents: 0),
            ]
            guard unsafe poll(&ends, 2, -1) > 0 else { return }
            if ends[0].revents != 0 {
                guard let sent = receive(client) else { return }
                let isCut = contains(sent) && cutsLeft.subtract(1, ordering: .relaxed).oldValue > 0
                if isCut, cut == .before { return }
                isLast = isCut
                guard send(sent, to: remote) else { return }
            }
            if ends[1].revents != 0 {
                guard let answer = receive(remote), !isLast else { return }
                guard send(answer, to: client) else { return }
            }
        }
    }

    private func contains(_ bytes: [UInt8]) -> Bool {
        bytes.indices.contains { bytes[$0...].starts(with: text) }
    }

    private func receive(_ descriptor: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    private func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// Sockets on 127.0.0.1.
private enum Loopback {
    static func listen() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = try descriptor()
        var address = address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                let bound = unsafe bind(descriptor, pointer, length)
                return unsafe bound == 0 ? getsockname(descriptor, pointer, &length) : bound
            }
        }
        guard code == 0, Glibc.listen(descriptor, 16) == 0 else { throw SystemError(errno, "listen") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    static func connect(to port: UInt16) throws -> Int32 {
        let descriptor = try descriptor()
        var address = address(port)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe Glibc.connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw SystemError(errno, "connect") }
        return descriptor
    }

    private static func descriptor() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError(errno, "socket") }
        return descriptor
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return address
    }
}
