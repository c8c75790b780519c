// SPDX-License-Identifier: Apache-2.0

import Metadata
import MetadataRedis
import SluiceBase
import SluiceTestSupport
import VolumeModel

/// A Redis server of a test's own.
final class RedisBench: MetadataBench {
    let server: RedisServer
    /// What stands before every key, as in a cluster.
    let prefix: String
    /// What engines are opened with; the server's socket when nil.
    private let address: String?

    init(prefix: String = "") throws {
        server = try RedisServer()
        self.prefix = prefix
        address = nil
    }

    /// A volume of its own in a cluster.
    /// - Parameter node: the one that holds the volume's keys.
    init(_ cluster: RedisCluster, node: RedisServer, database: Int) {
        server = node
        prefix = "{\(database)}"
        address = cluster.address(database: database)
    }

    let isolatesReads = false
    let recordsEveryReference = false

    func engine() throws -> any MetadataEngine {
        try redisEngine()
    }

    func redisEngine() throws -> RedisEngine {
        if let address { return try openRedis(address: address, environment: { _ in nil }) }
        return try openRedis(SocketConnector(path: server.socket, prefix: prefix))
    }

    /// The answer to a command: a string, an integer or a status as text, items line by line.
    @discardableResult
    func ask(_ words: String...) throws -> String {
        try ask(words.map { Array($0.utf8) })
    }

    @discardableResult
    func ask(_ words: [[UInt8]]) throws -> String {
        var request = Array("*\(words.count)\r\n".utf8)
        for word in words { request += Array("$\(word.count)\r\n".utf8) + word + Array("\r\n".utf8) }
        return try text(send(request, replies: 1).first ?? .null)
    }

    private func text(_ reply: RedisReply) throws -> String {
        switch reply {
        case .status(let text): return text
        case .integer(let number): return String(number)
        case .bytes(let bytes): return ByteString(bytes).description
        case .null: return "nil"
        case .array(let items): return try items.map(text).joined(separator: "\n")
        case .error(let failure): throw failure
        }
    }

    /// All keys in byte order.
    func keys() throws -> [String] {
        try ask("KEYS", "*").split(separator: "\n").map(String.init).sorted()
    }

    /// Sends commands as they are stored in a file.
    func restore(_ commands: [UInt8]) throws {
        for reply in try send(commands, replies: Self.count(commands)) {
            if case .error(let failure) = reply { throw failure }
        }
    }

    private func send(_ request: [UInt8], replies count: Int) throws -> [RedisReply] {
        let socket = try PlainSocket(path: server.socket, limits: SocketLimits())
        defer { socket.close() }
        try socket.write(request)
        let parser = ReplyParser()
        var replies: [RedisReply] = []
        while replies.count < count {
            let received = try socket.receive()
            try parser.feed(received)
            while replies.count < count, let reply = try parser.next() { replies.append(reply) }
        }
        return replies
    }

    /// The number of commands in `*N`, `$LENGTH` form.
    private static func count(_ bytes: [UInt8]) -> Int {
        var count = 0
        var position = 0
        func number() -> Int {
            let end = bytes[position...].firstIndex(of: UInt8(ascii: "\r")) ?? bytes.endIndex
            defer { position = end + 2 }
            return Int(String(decoding: bytes[(position + 1)..<end], as: UTF8.self)) ?? 0
        }
        while position < bytes.count {
            for _ in 0..<number() {
                let length = number()
                position += length + 2
            }
            count += 1
        }
        return count
    }

    func damage(_ record: DamageableRecord) throws {
        switch record {
        case .node(let inode): try ask("SET", "\(prefix)i\(inode)", "short")
        case .edge(let parent, let name):
            try ask([Array("HSET".utf8), Array("\(prefix)d\(parent)".utf8), name.bytes, [2, 0]])
        case .sliceReference(let id): try ask("HSET", "\(prefix)sliceRef", "k\(id)_5", "many")
        case .directoryStat(let inode): try ask("HSET", "\(prefix)dirUsedInodes", "\(inode)", "1.5")
        case .counter(let counter):
            try ask("SET", prefix + (counter == .nextInode ? "nextinode" : counter.rawValue), "many")
        }
    }

    func cleanUp() throws {
        // The nodes of a cluster serve the next case.
        if address == nil { server.kill() }
    }
}

/// Connects to a socket, with any prefix and through any wrapper.
struct SocketConnector: RedisConnector {
    let path: String
    let prefix: String
    var wrap: @Sendable (any RedisSocket) -> any RedisSocket = { $0 }

    var address: String { "unix://\(path)" }
    var keyPrefix: [UInt8] { Array(prefix.utf8) }

    func connect(for use: ConnectionUse) throws(EngineError) -> RedisConnection {
        let socket = wrap(try PlainSocket(path: path, limits: SocketLimits()))
        let connection = RedisConnection(socket, address: address)
        let id = try connection.run("CLIENT", Array("ID".utf8), operation: "ask for the connection's number")
        if case .integer(let number) = id { connection.clientID = number }
        connection.serverRun = Array("the only one".utf8)
        return connection
    }
}

extension RedisSocket {
    /// What is there.
    func receive() throws -> [UInt8] {
        var failure: EngineError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
            do throws(EngineError) {
                count = unsafe try read(into: UnsafeMutableRawBufferPointer(buffer))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
