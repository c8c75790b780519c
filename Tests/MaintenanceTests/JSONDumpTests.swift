// SPDX-License-Identifier: Apache-2.0

import Maintenance
import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

/// Keeps a dump in memory.
final class MemoryOutput: DumpOutput {
    var bytes: [UInt8] = []

    func write(_ run: UnsafeRawBufferPointer) throws {
        unsafe bytes.append(contentsOf: run)
    }
}

/// A dump in memory, handed out in small pieces.
final class MemoryInput: DumpInput {
    private var rest: ArraySlice<UInt8>
    private let piece: Int

    init(_ bytes: [UInt8], piece: Int = 1000) {
        rest = bytes[...]
        self.piece = piece
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let run = rest.prefix(min(buffer.count, piece))
        unsafe buffer.copyBytes(from: run)
        rest = rest.dropFirst(run.count)
        return run.count
    }
}

@Suite("JSON dumps")
struct JSONDumpTests {
    private func dump(_ engine: any MetadataEngine, _ options: DumpOptions = DumpOptions()) throws -> [UInt8]
    {
        let settings = try Volume.open(engine: engine).settings
        let output = MemoryOutput()
        _ = try engine.snapshot { scanner in
            try dumpJSON(scanner: scanner, settings: settings, options: options, to: output)
        }
        return output.bytes
    }

    /// The dump from its tree on, without the footer.
    private func tree(_ dump: [UInt8]) -> Substring {
        let text = String(decoding: dump, as: UTF8.self)
        let parts = text.split(separator: "\n  \"FSTree\"", maxSplits: 1)
        return parts.last?.split(separator: "\n  \"Footer\"", maxSplits: 1).first ?? ""
    }

    /// Limits so small that everything is sorted on disk.
    private var tight: DumpOptions {
        var options = DumpOptions()
        options.sortMemory = 4096
        return options
    }

    @Test(
        "a loaded dump is dumped again byte for byte, and the volume is sound",
        arguments: EngineMaker.all,
        0..<4 as Range<UInt64>
    )
    func roundTrip(engine: EngineMaker, seed: UInt64) throws {
        try engine.withEngine { source in
            let clients = try ClientPair(source, source, random: SeededRandom(seed: seed))
            try clients.takeTurns(steps: 150, clients: 1)
            let first = try dump(source)
            #expect(try dump(source, tight) == first)
            try engine.withEngine { target in
                var options = LoadOptions()
                options.sortMemory = 4096
                let summary = try loadJSON(from: MemoryInput(first), into: target, options: options)
                #expect(summary.completeness == .verified)
                let second = try dump(target)
                #expect(tree(second) == tree(first))
                try checkInvariants(try Volume.open(engine: target))
                try engine.withEngine { last in
                    _ = try loadJSON(from: MemoryInput(second, piece: 7), into: last)
                    #expect(try dump(last) == second)
                }
            }
        }
    }

    @Test(
        "what JuiceFS dumped is loaded and dumped in its words",
        arguments: EngineMaker.all,
        ["fxsqlite", "fxpostgres", "fxredis"]
    )
    func fixtures(engine: EngineMaker, name: String) throws {
        let original = try fixture("metadata/\(name).dump.json")
        try engine.withEngine { target in
            let summary = try loadJSON(from: MemoryInput(original), into: target)
            #expect(summary.completeness == .unknown)
            #expect(summary.entries == 187)
            #expect(tree(try dump(target)) == tree(original).dropLast(3) + ",")
            try checkInvariants(try Volume.open(engine: target))
            // Holes are no users of a slice, clones are.
            let references = try target.snapshot { try all($0.scanSliceReferences()) }
            #expect(references.first { $0.id == 0 } == nil)
            #expect(references.first { $0.id == 108 }?.count == 2)
        }
    }

    @Test("names survive, whatever their bytes", arguments: EngineMaker.all)
    func names(engine: EngineMaker) throws {
        let names: [[UInt8]] = [
            [0xEF, 0xBF, 0xBD], [0xFF, 0xFE], Array("a%20b c\"d\\e\n".utf8), [0xC0, 0x80],
            [0xED, 0xA0, 0x80],
            Array("\u{7F}\u{85}\u{2028}\u{1F600}".utf8), [0xF0, 0x9F, 0x98], Array("<&>".utf8),
        ]
        try engine.withEngine { source in
            let volume = try prepareVolume(on: source)
            for name in names {
                _ = try volume.makeDirectory(FileName(name), in: .root, mode: 0o755)
            }
            try volume.flushUsage()
            try engine.withEngine { target in
                _ = try loadJSON(from: MemoryInput(try dump(source)), into: target)
                let found = try target.read { try $0.entries(of: .root, after: nil, limit: 100) }
                #expect(Set(found.map(\.name)) == Set(names.map { FileName($0) }))
            }
        }
    }
}

@Suite("Dumps that cannot be loaded")
struct JSONLoadHostileTests {
    private func refusal(_ bytes: [UInt8], _ engine: any MetadataEngine) -> (any Error)? {
        do {
            _ = try loadJSON(from: MemoryInput(bytes), into: engine)
            return nil
        } catch {
            return error
        }
    }

    @Test("a cut dump is refused with its offset, and nothing stays")
    func cut() throws {
        let whole = try fixture("metadata/fxsqlite.dump.json")
        for length in stride(from: 0, to: whole.count - 2, by: 1777) {
            let engine = MemoryEngine()
            #expect(refusal(Array(whole[..<length]), engine) is CodecError, "\(length) bytes")
            #expect(try !engine.isFormatted(), "\(length) bytes")
        }
    }

    @Test("a changed byte is found by the footer, unless forced")
    func changed() throws {
        let source = MemoryEngine()
        _ = try loadJSON(from: MemoryInput(try fixture("metadata/fxsqlite.dump.json")), into: source)
        let output = MemoryOutput()
        let settings = try Volume.open(engine: source).settings
        _ = try source.snapshot {
            try dumpJSON(scanner: $0, settings: settings, options: DumpOptions(), to: output)
        }
        let text = String(decoding: output.bytes, as: UTF8.self)
        let changed = text.replacing("\"mode\":493", with: "\"mode\":492", maxReplacements: 1)
        let error = try #require(refusal(Array(changed.utf8), MemoryEngine()) as? MaintenanceError)
        #expect(error.code == .mismatch)
        var options = LoadOptions()
        options.isForced = true
        let summary = try loadJSON(
            from: MemoryInput(Array(changed.utf8)),
            into: MemoryEngine(),
            options: options
        )
        #expect(summary.completeness != .verified)
    }

    @Test(
        "impossible content is refused",
        arguments: [
            "", "[]", "{}", "{\"FSTree\":{}}", "{\"Setting\":{\"Name\":\"a\",\"UUID\":\"u\"}}",
            tree("\"attr\":{\"inode\":1,\"type\":\"regular\"}"), tree("\"entries\":{}"),
            tree(top + ",\"entries\":{\"a/b\":{\"attr\":{\"inode\":2,\"type\":\"regular\"}}}"),
            tree(top + ",\"entries\":{\"a\":{\"attr\":{\"inode\":1,\"type\":\"directory\"}}}"),
            tree(top + ",\"entries\":{\"a\":{\"attr\":{\"inode\":-2,\"type\":\"regular\"}}}"),
            tree(top + ",\"entries\":{\"a\":{\"attr\":{\"inode\":2,\"type\":\"door\"}}}"),
            tree(top + ",\"entries\":{\"a\":\(directory),\"b\":\(directory)}"),
            tree(top + ",\"chunks\":[{\"index\":0,\"slices\":[{\"id\":1,\"size\":5,\"len\":6}]}]"),
            tree(top + ",\"chunks\":[{\"index\":4294967296}]"), tree(top) + "x",
        ]
    )
    func impossible(document: String) throws {
        let engine = MemoryEngine()
        #expect(refusal(Array(document.utf8), engine) != nil)
        #expect(try !engine.isFormatted())
    }

    private static let top = "\"attr\":{\"inode\":1,\"type\":\"directory\"}"
    private static let directory = "{\"attr\":{\"inode\":9,\"type\":\"directory\"}}"

    private static func tree(_ fields: String) -> String {
        "{\"Setting\":{\"Name\":\"abc\",\"UUID\":\"u\",\"MetaVersion\":1},\"FSTree\":{\(fields)}}"
    }

    @Test("a database with anything in it is left alone", arguments: EngineMaker.all)
    func notEmpty(engine: EngineMaker) throws {
        let dump = try fixture("metadata/fxsqlite.dump.json")
        try engine.withEngine { target in
            _ = try prepareVolume(on: target)
            #expect((refusal(dump, target) as? EngineError)?.code == .exists)
            #expect(try Volume.open(engine: target).settings.name == "test-volume")
        }
        try engine.withEngine { target in
            try target.createSchema()
            try target.write { try $0.setCounter(.nextInode, to: 5) }
            #expect((refusal(dump, target) as? EngineError)?.code == .exists)
            #expect(try target.read { try $0.counter(.nextInode) } == 5)
        }
    }

    @Test(
        "what an interrupted load left is no volume, and only --resume clears it",
        arguments: EngineMaker.all
    )
    func interrupted(engine: EngineMaker) throws {
        let dump = try fixture("metadata/fxsqlite.dump.json")
        try engine.withEngine { target in
            var settings = VolumeSettings()
            settings.name = "half"
            settings.uuid = "u"
            let half = try LoadTarget.begin(target, for: settings, resuming: false)
            for number in 2..<9000 as Range<UInt64> {
                try half.put(.deletedFile(DeletedFile(inode: Inode(number), length: 1, deleted: 1)))
            }
            try half.settle()
            let opened = #expect(throws: EngineError.self) { try Volume.open(engine: target) }
            #expect(opened?.code == .notAVolume)
            #expect((refusal(dump, target) as? EngineError)?.code == .notAVolume)
            var options = LoadOptions()
            options.isResuming = true
            _ = try loadJSON(from: MemoryInput(dump), into: target, options: options)
            try checkInvariants(try Volume.open(engine: target))
            #expect(try target.snapshot { try all($0.scanDeletedFiles()) }.isEmpty)
        }
    }
}
