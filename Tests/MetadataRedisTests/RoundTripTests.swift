// SPDX-License-Identifier: Apache-2.0
// What operations wait for the network, beside what the same operation costs a mount of JuiceFS 1.4.2,
// counted with MONITOR on an idle volume: commands outside of MULTI … EXEC, and each MULTI … EXEC as one.

import Metadata
import MetadataRedis
import SluiceBase
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Round trips of operations", .enabled(if: RedisServer.program != nil, "there is no redis-server"))
struct RoundTripTests {
    private static let theirs = [
        "mkdir": 5, "create": 5, "write": 4, "chmod": 4, "rename": 7, "link": 5, "unlink": 6, "rmdir": 7,
        "lookup": 1, "readdir": 2,
    ]

    @Test("Ours are as expected, and never more than those of JuiceFS")
    func counts() throws {
        let bench = try RedisBench()
        let engine = try bench.redisEngine()
        let volume = try prepareVolume(on: engine)
        // The first operations take ids, make the hour's trash and teach the server the script.
        let top = try volume.makeDirectory("top", in: .root).inode
        _ = try volume.createFile("warm", in: top)
        _ = try volume.perform(slices: 1) { try $0.takeSliceID() }
        _ = try volume.lookup("warm", in: top)
        try volume.unlink("warm", in: top)
        var ours: [String: Int] = [:]
        func count(_ name: String, _ body: () throws -> Void) rethrows {
            let before = engine.roundTrips
            try body()
            ours[name] = engine.roundTrips - before
        }
        try count("mkdir") { _ = try volume.makeDirectory("d", in: top) }
        try count("create") { _ = try volume.createFile("f", in: top) }
        let file = try volume.lookup("f", in: top).inode
        try count("write") {
            _ = try volume.perform(slices: 1) { operation in
                let id = try operation.takeSliceID()
                let slice = Slice(position: 0, id: id, size: 5000, offset: 0, length: 5000)
                return try operation.write(slice, toChunk: 0, of: file)
            }
        }
        try count("chmod") { _ = try volume.setAttributes(of: file, AttributeChange(mode: 0o600)) }
        try count("rename") { _ = try volume.rename("f", in: top, to: "g", in: top) }
        try count("link") { _ = try volume.link(file, to: "h", in: top) }
        try count("unlink") { _ = try volume.unlink("h", in: top) }
        try count("rmdir") { _ = try volume.removeDirectory("d", in: top) }
        try count("lookup") { _ = try volume.lookup("g", in: top) }
        try count("readdir") { _ = try volume.readDirectory(top, limit: 100) }
        #expect(
            ours == [
                "mkdir": 2, "create": 2, "write": 2, "chmod": 2, "rename": 3, "link": 2, "unlink": 4,
                "rmdir": 5,
                "lookup": 1, "readdir": 2,
            ]
        )
        for (name, number) in ours { #expect(number <= Self.theirs[name] ?? 0, "\(name)") }
    }
}
