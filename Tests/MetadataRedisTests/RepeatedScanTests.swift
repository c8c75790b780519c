// SPDX-License-Identifier: Apache-2.0
// What SCAN and HSCAN may answer while the server's tables change their size: the same key, the same field,
// again. A real server does so rarely, so this one does it on purpose.

import Metadata
@testable import MetadataRedis
import SluiceBase
import Testing
import VolumeModel

/// A server of a few keys that delivers some of them twice.
private final class RepeatingServer: RedisSocket {
    private let parser = ReplyParser()
    private var answers: [UInt8] = []
    private(set) var scans = 0

    private func answer(_ words: [String]) throws -> String {
        switch (words.first, words.count > 1 ? words[1] : "") {
        case ("SCAN", "0"):
            scans += 1
            return array([bulk("5"), array(["i3", "i1", "i2", "i10", "i2", "c2_0", "i07"].map(bulk))])
        case ("SCAN", _): return array([bulk("0"), array(["i2", "d1", "c2_0", "i3", "d1"].map(bulk))])
        case ("MGET", _): return array(words.dropFirst().map { _ in bulk(Self.node) })
        case ("LRANGE", _): return array([bulk([UInt8](repeating: 0, count: 24))])
        case ("HSCAN", _) where words[2] == "0":
            return array([bulk("7"), array([bulk("b"), bulk(Self.entry), bulk("a"), bulk(Self.entry)])])
        case ("HSCAN", _):
            return array([bulk("0"), array([bulk("a"), bulk(Self.entry), bulk("c"), bulk(Self.entry)])])
        default: return "-ERR unknown\r\n"
        }
    }

    private static let node = Attributes(
        type: .file,
        mode: 0o644,
        time: Timestamp(seconds: 1),
        parent: .root
    ).encoded
    private static let entry = EntryValue.encode(Entry(inode: Inode(2), type: .file))

    private func bulk(_ text: String) -> String { bulk(Array(text.utf8)) }

    /// Bytes as Latin-1, so that a string carries them.
    private func bulk(_ bytes: [UInt8]) -> String {
        "$\(bytes.count)\r\n\(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })))\r\n"
    }

    private func array(_ items: [String]) -> String { "*\(items.count)\r\n\(items.joined())" }

    func write(_ bytes: [UInt8]) throws(EngineError) {
        do {
            try parser.feed(bytes)
            while case .array(let words) = try parser.next() {
                let answer = try answer(words.map { String(decoding: $0.bytes ?? [], as: UTF8.self) })
                answers += answer.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
            }
        } catch {
            throw EngineError(.failed, "answer", address: "test", reason: "\(error)")
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        let count = min(buffer.count, answers.count)
        unsafe buffer.copyBytes(from: answers.prefix(count))
        answers.removeFirst(count)
        return count
    }

    var isQuiet: Bool { answers.isEmpty }
    func close() {}
}

@Suite("Scans of Redis whose server repeats itself")
struct RepeatedScanTests {
    private func drain<Record: Sendable>(_ cursor: any RecordCursor<Record>) throws -> [Scanned<Record>] {
        var found: [Scanned<Record>] = []
        while let next = try cursor.next() { found.append(next) }
        return found
    }

    private func records<Record: Sendable>(_ cursor: any RecordCursor<Record>) throws -> [Record] {
        try drain(cursor).compactMap { if case .record(let record) = $0 { record } else { nil } }
    }

    @Test("every record comes once and in order, and the keys are looked for once")
    func once() throws {
        let server = RepeatingServer()
        let connection = RedisConnection(server, address: "test")
        let scanner = RedisScanner(
            KeyReader(connection, address: "test"),
            keys: Keys(prefix: []),
            shared: SharedState()
        )
        let nodes = try drain(scanner.scanNodes())
        let numbers = nodes.compactMap { if case .record(let node) = $0 { node.inode.number } else { nil } }
        #expect(numbers == [1, 2, 3, 10])
        // What no client writes so is no second node 7.
        guard case .damaged(let odd) = nodes.last else {
            Issue.record("the key i07 was passed over")
            return
        }
        #expect(odd.key == "key i07" && odd.inode == Inode(7))
        #expect(try records(scanner.scanEdges()).map(\.name) == ["a", "b", "c"])
        #expect(try records(scanner.scanChunks()).map(\.inode) == [Inode(2)])
        #expect(server.scans == 1)
        // Asked for again, they are looked for again.
        #expect(try records(scanner.scanChunks()).count == 1)
        #expect(server.scans == 2)
    }
}
