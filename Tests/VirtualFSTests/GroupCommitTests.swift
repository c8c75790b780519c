// SPDX-License-Identifier: Apache-2.0

import BlockStore
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing
import VolumeModel

@testable import VirtualFS

@Suite("Several puts in one transaction")
struct GroupCommitTests {
    @Test("Puts of many threads all arrive, in fewer transactions than files")
    func manyThreads() throws {
        let test = try TestTree()
        let failures = Mutex<[String]>([])
        try runThreads(8) { thread in
            do {
                for round in 0..<50 {
                    let key = ObjectKey("d\(round % 7)/\(thread)/\(round)")
                    try test.tree.put(key, key.bytes)
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        let found = try keys(test.tree)
        #expect(found.count == 400)
        for key in found { #expect(try test.tree.bytes(of: key) == key.bytes) }
        #expect(test.tree.commits.transactionCount < 400)
    }

    @Test("A put that is refused does not take its neighbours with it")
    func neighbours() throws {
        let test = try TestTree()
        try test.tree.put("taken/f", [0])
        let codes = Mutex<[Int: StorageError.Code]>([:])
        try runThreads(8) { thread in
            do {
                for round in 0..<20 {
                    let isRefused = thread.isMultiple(of: 2)
                    try test.tree.put(isRefused ? "taken" : ObjectKey("\(thread)/\(round)"), [1])
                }
            } catch {
                codes.withLock { $0[thread] = (error as? StorageError)?.code }
            }
        }
        #expect(codes.withLock { $0 } == [0: .exists, 2: .exists, 4: .exists, 6: .exists])
        #expect(try keys(test.tree).count == 81)
    }

    @Test("A directory that was removed behind our back is made again")
    func staleDirectory() throws {
        let test = try TestTree()
        try test.tree.put("d/e/f", [1])
        // Not through the tree, so that its memory of `d/e` is wrong now.
        let directory = try test.volume.resolve("d").inode
        let inner = try test.volume.resolve("d/e").inode
        _ = try test.volume.unlink("f", in: inner)
        _ = try test.volume.removeDirectory("e", in: directory)
        try test.tree.put("d/e/g", [2])
        #expect(try keys(test.tree) == ["d/e/g"])
        #expect(try test.tree.bytes(of: "d/e/g") == [2])
    }

    @Test("Usage of what was written is flushed when the session closes")
    func session() throws {
        let test = try TestTree()
        let info = SessionInfo(
            version: "1.4.2",
            hostName: "h",
            addresses: [],
            mountPoint: "sync",
            mountTime: "2026-11-23T00:00:00Z",
            processID: 1
        )
        let session = try WritingSession(opening: test.volume, slices: test.slices, info: info)
        #expect(try test.engine.read { try $0.sessions().count } == 1)
        try test.tree.put("f", [1, 2, 3])
        try session.check()
        try session.close()
        #expect(try test.engine.read { try $0.sessions().count } == 0)
        let used = try test.engine.read { (try $0.counter(.usedSpace), try $0.counter(.totalInodes)) }
        #expect(used == (4096, 1))
    }
}
