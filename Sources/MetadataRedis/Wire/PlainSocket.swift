// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Metadata
import SluiceBase

/// How long calls on a socket may last, a millisecond at least.
package struct SocketLimits: Hashable, Sendable {
    /// Until a connection must stand.
    package var connect = Duration.seconds(5)
    package var read = Duration.seconds(30)
    package var write = Duration.seconds(5)

    package init() {}
}

/// A TCP or Unix socket without encryption.
package final class PlainSocket: RedisSocket {
    private var descriptor: FileDescriptor?
    private let address: String

    private init(_ descriptor: consuming FileDescriptor, address: String) {
        self.descriptor = consume descriptor
        self.address = address
    }

    /// Connects to a port of a host, trying its addresses in turn.
    /// - Throws: `EngineError.unreachable`.
    package convenience init(host: String, port: UInt16, limits: SocketLimits) throws(EngineError) {
        let address = "\(host):\(port)"
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &found)
        guard code == 0 else {
            let text = unsafe String(cString: gai_strerror(code))
            throw EngineError(.unreachable, "find the address of \(host)", address: address, reason: text)
        }
        defer { unsafe freeaddrinfo(found) }
        var failure = EngineError(.unreachable, "connect", address: address)
        var next = unsafe found
        while let candidate = unsafe next {
            do throws(EngineError) {
                let info = unsafe candidate.pointee
                let descriptor = unsafe try Self.connected(info.ai_family, limits, address: address) {
                    unsafe connect($0, info.ai_addr, info.ai_addrlen)
                }
                self.init(descriptor, address: address)
                return
            } catch {
                failure = error
            }
            unsafe next = candidate.pointee.ai_next
        }
        throw failure
    }

    /// Connects to a Unix socket.
    /// - Throws: `EngineError.unreachable`, `.denied`, `.invalidAddress` for a path of more than 107 bytes.
    package convenience init(path: String, limits: SocketLimits) throws(EngineError) {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = unsafe withUnsafeMutableBytes(of: &name.sun_path) { buffer in
            guard bytes.count < buffer.count, !bytes.contains(0) else { return false }
            unsafe buffer.copyBytes(from: bytes)
            return true
        }
        guard fits else {
            throw EngineError(
                .invalidAddress,
                "connect",
                address: path,
                reason: "the path of a socket has at most 107 bytes"
            )
        }
        let descriptor = try Self.connected(AF_UNIX, limits, address: path) { number in
            unsafe withUnsafePointer(to: &name) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        self.init(descriptor, address: path)
    }

    private static func connected(
        _ family: Int32,
        _ limits: SocketLimits,
        address: String,
        _ connect: (Int32) -> Int32,
    ) throws(EngineError) -> FileDescriptor {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let number = socket(family, type, 0)
        guard number >= 0 else { throw failure("connect", address) }
        let descriptor = FileDescriptor(adopting: number)
        // On Linux the limit for sending also holds for connecting.
        set(SOL_SOCKET, SO_SNDTIMEO, timeval(limits.connect), on: number)
        guard connect(number) == 0 else { throw failure("connect", address) }
        set(SOL_SOCKET, SO_SNDTIMEO, timeval(limits.write), on: number)
        set(SOL_SOCKET, SO_RCVTIMEO, timeval(limits.read), on: number)
        // Requests are whole when they are written; waiting for more would only delay them.
        if family != AF_UNIX { set(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1), on: number) }
        return descriptor
    }

    private static func set<Value: BitwiseCopyable>(
        _ level: Int32,
        _ option: Int32,
        _ value: Value,
        on number: Int32
    ) {
        var value = value
        unsafe withUnsafeBytes(of: &value) { bytes in
            _ = unsafe setsockopt(number, level, option, bytes.baseAddress, socklen_t(bytes.count))
        }
    }

    private static func failure(_ operation: String, _ address: String) -> EngineError {
        let code = errno
        let hasTimedOut = code == EAGAIN || code == EINPROGRESS
        let error = SystemError(code, operation)
        return EngineError(
            error.isPermissionDenied ? .denied : .unreachable,
            operation,
            address: address,
            reason: hasTimedOut ? "no answer in time" : error.reason
        )
    }

    package func write(_ bytes: [UInt8]) throws(EngineError) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return unsafe send(number, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure("send", address) }
            sent += count
        }
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        while true {
            let count = unsafe recv(number, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            guard errno == EINTR else { throw Self.failure("receive", address) }
        }
    }

    package var isQuiet: Bool {
        var byte: UInt8 = 0
        let flags = Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)
        return unsafe recv(number, &byte, 1, flags) < 0 && errno == EAGAIN
    }

    /// Changes how long the server may take to answer.
    package func limitReads(to duration: Duration) {
        Self.set(SOL_SOCKET, SO_RCVTIMEO, timeval(duration), on: number)
    }

    package func close() {
        descriptor = nil
    }

    /// -1 after `close`, on which every call fails.
    private var number: Int32 { descriptor?.raw ?? -1 }
}

extension timeval {
    fileprivate init(_ duration: Duration) {
        let microseconds = duration.wholeNanoseconds / 1000
        self.init(tv_sec: Int(microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
    }
}
