// SPDX-License-Identifier: Apache-2.0

import Maintenance
import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Binary dumps")
struct BinaryDumpTests {
    private func dump(_ engine: any MetadataEngine) throws -> (bytes: [UInt8], summary: BinaryDumpSummary) {
        let settings = try Volume.open(engine: engine).settings
        let output = MemoryOutput()
        let summary = try engine.snapshot {
            try dumpBinary($0, settings: settings, options: DumpOptions(), to: output)
        }
        return (output.bytes, summary)
    }

    @discardableResult
    private func load(
        _ bytes: [UInt8],
        into engine: any MetadataEngine,
        _ options: LoadOptions = LoadOptions()
    ) throws -> BinaryLoadReport {
        let (target, report) = try loadBinary(from: MemoryInput(bytes), options: options) {
            try LoadTarget.begin(engine, for: $0, resuming: false)
        }
        try target.finish(report.settings)
        return report
    }

    private func json(_ engine: any MetadataEngine) throws -> [UInt8] {
        let output = MemoryOutput()
        let settings = try Volume.open(engine: engine).settings
        _ = try engine.snapshot {
            try dumpJSON(scanner: $0, settings: settings, options: DumpOptions(), to: output)
        }
        return output.bytes
    }

    /// What clients did to a volume, in memory.
    private func makeSource(_ seed: UInt64) throws -> MemoryEngine {
        let engine = MemoryEngine(likeRedis: true)
        let clients = try ClientPair(engine, engine, random: SeededRandom(seed: seed))
        try clients.takeTurns(steps: 200, clients: 1)
        return engine
    }

    @Test("a loaded dump is the volume it was made of", arguments: EngineMaker.all, 0..<3 as Range<UInt64>)
    func roundTrip(engine: EngineMaker, seed: UInt64) throws {
        let source = try makeSource(seed)
        try engine.withEngine { target in
            try load(try dump(source).bytes, into: target)
            try checkInvariants(try Volume.open(engine: target))
            #expect(try json(target) == json(source))
            try engine.withEngine { second in
                try load(try dump(target).bytes, into: second)
                #expect(try json(second) == json(source))
            }
        }
    }

    /// A dump with these edges of the root, each a fifo.
    private func dump(edges: [(name: String, inode: UInt64)]) throws -> [UInt8] {
        let source = MemoryEngine()
        _ = try prepareVolume(on: source)
        let bytes = try dump(source).bytes
        let settings = try settingsSegment(of: bytes)
        var segment = ProtobufWriter()
        for edge in edges {
            var message = ProtobufWriter()
            message.write(UInt64(1), field: 1)
            message.write(edge.inode, field: 2)
            message.write(Array(edge.name.utf8), field: 3)
            message.write(UInt64(4), field: 4)
            segment.write(message: message.bytes[...], field: 2)
        }
        var file = ByteWriter()
        file.write(settings)
        file.write(UInt32(4))
        file.write(UInt64(segment.bytes.count))
        file.write(segment.bytes)
        file.write(BinarySegment.endMark)
        let footer = Self.footer(edges: UInt64(edges.count))
        file.write(footer)
        file.write(UInt64(footer.count))
        return file.bytes
    }

    /// The segment of the settings.
    private func settingsSegment(of dump: [UInt8]) throws -> [UInt8] {
        var reader = ByteReader(dump, of: "dump")
        _ = try reader.read(UInt32.self)
        let length = try reader.read(UInt64.self)
        return Array(dump.prefix(12 + Int(length)))
    }

    private static func footer(edges: UInt64) -> [UInt8] {
        var footer = ProtobufWriter()
        footer.write(UInt64(BinarySegment.endMark), field: 1)
        footer.write(BinarySegment.version, field: 2)
        for (name, count) in [("format", 1), ("edge", edges)] {
            var info = ProtobufWriter()
            info.write(count, field: 2)
            var entry = ProtobufWriter()
            entry.write(Array(name.utf8), field: 1)
            entry.write(message: info.bytes[...], field: 2)
            footer.write(message: entry.bytes[...], field: 3)
        }
        return footer.bytes
    }

    @Test("a record that comes twice is loaded once", arguments: EngineMaker.all)
    func repeated(engine: EngineMaker) throws {
        let bytes = try dump(edges: [("a", 5), ("b", 6), ("a", 5), ("a", 5)])
        try engine.withEngine { target in
            try load(bytes, into: target)
            let found = try target.read { try $0.entries(of: .root, after: nil, limit: 9) }
            #expect(found.map(\.inode) == [Inode(5), Inode(6)])
        }
    }

    @Test("a record in two forms is refused by name; forced, the later is taken", arguments: EngineMaker.all)
    func contradiction(engine: EngineMaker) throws {
        let bytes = try dump(edges: [("a", 5), ("b", 6), ("a", 7)])
        try engine.withEngine { target in
            let error = #expect(throws: MaintenanceError.self) { try load(bytes, into: target) }
            #expect(error?.reason.contains("the entry 'a' of directory 1 twice") == true)
            #expect(error?.hint?.contains("--force") == true)
        }
        try engine.withEngine { target in
            var options = LoadOptions()
            options.isForced = true
            try load(bytes, into: target, options)
            let found = try target.read { try $0.entries(of: .root, after: nil, limit: 9) }
            #expect(found.map(\.inode) == [Inode(7), Inode(6)])
        }
    }
}
