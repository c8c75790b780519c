// SPDX-License-Identifier: Apache-2.0
// What holds a transaction together, alone and beside others.

import Metadata
import SluiceBase
import Synchronization
import Testing
import VolumeModel

extension MetadataConformance {
    static let transactionCases: [MetadataCase] = [
        MetadataCase("a closure that throws leaves nothing behind", rollback),
        MetadataCase("a transaction reads its own writes", ownWrites),
        MetadataCase("two engines on one database lose no update", updates),
        MetadataCase("readers see whole transactions only", isolation),
        MetadataCase("a read keeps its state while others write", stableRead),
        MetadataCase("a transaction inside another is refused", nesting),
        MetadataCase("a reader that outlives its transaction is refused", escape),
    ]

    private static func rollback(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        #expect(throws: Interruption()) {
            try engine.write { transaction throws in
                try transaction.insertNode(.root, directory())
                try transaction.insertEntry(NamedEntry(name: "a", inode: Inode(2), type: .file), in: .root)
                try transaction.add(5, to: .usedSpace)
                throw Interruption()
            }
        }
        try engine.read { reader throws in
            #expect(try reader.node(.root) == nil)
            #expect(try reader.entry(named: "a", in: .root) == nil)
            #expect(try reader.counter(.usedSpace) ?? 0 == 0)
        }
        // The engine works on after it.
        try engine.write { try $0.insertNode(.root, directory()) }
        #expect(throws: Interruption()) { try engine.read { _ in throw Interruption() } }
        #expect(throws: Interruption()) { try engine.snapshot { _ in throw Interruption() } }
        #expect(try engine.read { try $0.node(.root) } == directory())
    }

    private static func ownWrites(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        try engine.write { transaction throws in
            try transaction.lock([.root, Inode(5)])
            try transaction.insertNode(Inode(5), richAttributes())
            #expect(try transaction.node(Inode(5)) == richAttributes())
            try transaction.insertEntry(NamedEntry(name: "x", inode: Inode(5), type: .file), in: .root)
            #expect(try transaction.entries(of: .root, after: nil, limit: 5).count == 1)
            try transaction.deleteNode(Inode(5))
            #expect(try transaction.node(Inode(5)) == nil)
        }
    }

    /// Read, compute, write: an update is lost unless the transaction conflicts or waits.
    private static func updates(_ bench: any MetadataBench, _ engine: any MetadataEngine) throws {
        try engine.write { transaction throws in
            try transaction.setCounter(.usedSpace, to: 0)
            try transaction.insertNode(.root, directory(linkCount: 0))
        }
        let engines = [engine, try bench.engine()]
        let failures = Mutex<[String]>([])
        try runThreads(2) { number in
            do {
                for _ in 0..<500 {
                    try engines[number].write { transaction throws in
                        try transaction.lock([.root])
                        guard var node = try transaction.node(.root) else { throw Interruption() }
                        node.length += 1
                        try transaction.updateNode(.root, node)
                        try transaction.add(1, to: .usedSpace)
                    }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        engines[1].close()
        #expect(failures.withLock { $0 } == [])
        #expect(try engine.read { try $0.counter(.usedSpace) } == 1000)
        #expect(try engine.read { try $0.node(.root)?.length } == 4096 + 1000)
    }

    private static func isolation(_ bench: any MetadataBench, _ engine: any MetadataEngine) throws {
        guard bench.isolatesReads else { return }
        let other = try bench.engine()
        try engine.write { transaction throws in
            try transaction.setCounter(.usedSpace, to: 4)
            #expect(try readApart(other) == nil)
        }
        #expect(try readApart(other) == 4)
        other.close()
    }

    /// Reads on a thread of its own, since one thread has one transaction.
    private static func readApart(_ engine: any MetadataEngine) throws -> Int64? {
        let answer = Mutex<Result<Int64?, any Error>>(.success(nil))
        try runThreads(1) { _ in
            let read = Result { try engine.read { try $0.counter(.usedSpace) } }
            answer.withLock { $0 = read }
        }
        return try answer.withLock { $0 }.get()
    }

    private static func stableRead(_ bench: any MetadataBench, _ engine: any MetadataEngine) throws {
        guard bench.isolatesReads else { return }
        try engine.write { try $0.setCounter(.usedSpace, to: 1) }
        let other = try bench.engine()
        let failures = Mutex<[String]>([])
        try engine.snapshot { scanner throws in
            #expect(try scanner.counter(.usedSpace) == 1)
            try runThreads(1) { _ in
                do {
                    try other.write { try $0.setCounter(.usedSpace, to: 2) }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
            #expect(try scanner.counter(.usedSpace) == 1)
        }
        other.close()
        #expect(failures.withLock { $0 } == [])
        #expect(try engine.read { try $0.counter(.usedSpace) } == 2)
    }

    private static func nesting(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        try engine.write { transaction throws in
            #expect(try code { try engine.write { try $0.setCounter(.usedSpace, to: 7) } } == .failed)
            #expect(try code { try engine.read { try $0.counter(.usedSpace) } } == .failed)
            try transaction.setCounter(.usedSpace, to: 3)
        }
        #expect(try engine.read { try $0.counter(.usedSpace) } == 3)
    }

    private static func escape(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let reader = try engine.read { $0 }
        #expect(try code { try reader.node(.root) } == .failed)
        let transaction = try engine.write { $0 }
        #expect(try code { try transaction.deleteNode(.root) } == .failed)
        let cursor = try engine.snapshot { try $0.scanNodes() }
        #expect(try code { try cursor.next() } == .failed)
    }
}
