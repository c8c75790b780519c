// SPDX-License-Identifier: Apache-2.0
// Damage in Redis, as an administrator with redis-cli would do it (keys and values of metadata-format §4).

import Metadata
import SluiceBase
import VolumeModel

/// An argument of a command.
private struct Word: ExpressibleByStringInterpolation {
    let bytes: [UInt8]

    init(stringLiteral value: String) { bytes = Array(value.utf8) }
    init(_ value: String) { bytes = Array(value.utf8) }
    init(_ value: ByteString) { bytes = value.bytes }
    init(_ value: some Sequence<UInt8>) { bytes = Array(value) }
}

/// Changes the keys of a volume in database 0 of a server.
struct RedisDamage: RecordDamage {
    let server: RedisServer

    func apply(_ edits: [RecordEdit]) throws {
        try run(edits.flatMap { commands($0) })
    }

    func garble(_ record: GarbledRecord) throws -> Bool {
        switch record {
        case .node(let inode): try run([["SET", "i\(inode)", "x"]])
        case .entry(let name, let directory): try run([["HSET", "d\(directory)", Word(name), "x"]])
        case .chunk(let index, let inode):
            try run([["DEL", "c\(inode)_\(index)"], ["RPUSH", "c\(inode)_\(index)", "abc"]])
        case .reference(let id, let size): try run([["HSET", "sliceRef", "k\(id)_\(size)", "abc"]])
        }
        return true
    }

    private func run(_ commands: [[Word]]) throws {
        guard let program = Programs.named("redis-cli") else {
            throw ProgramError(description: "there is no program redis-cli on this machine")
        }
        let lines: [[Word]] = [["MULTI"]] + commands + [["EXEC"]]
        var shell = Program(program, ["-e", "-s", server.socket], environment: [:])
        shell.input = Array(lines.map { $0.map(Self.quoted).joined(separator: " ") + "\n" }.joined().utf8)
        let result = try shell.run()
        guard result.status == 0, !result.text.contains("ERR") else {
            throw ProgramError(description: "\(commands)\n\(result.story)")
        }
    }

    private static func quoted(_ word: Word) -> String {
        "\"" + Hex.encode(word.bytes).pairs.map { "\\x\($0)" }.joined() + "\""
    }

    private func commands(_ edit: RecordEdit) -> [[Word]] {
        switch edit {
        case .setNode(let inode, let node): [["SET", "i\(inode)", Word(node.encoded)]]
        case .deleteNode(let inode): [["DEL", "i\(inode)"]]
        case .setEntry(let entry, let directory):
            [["HSET", "d\(directory)", Word(entry.name), value(of: entry)]]
        case .deleteEntry(let name, let directory): [["HDEL", "d\(directory)", Word(name)]]
        case .setParentCount(let parent, let inode, let count):
            [["HSET", "p\(inode)", "\(parent)", "\(count)"]]
        case .setSymlink(let inode, let target): [["SET", "s\(inode)", Word(target)]]
        case .deleteSymlink(let inode): [["DEL", "s\(inode)"]]
        case .setAttribute(let record): [["HSET", "x\(record.inode)", Word(record.name), Word(record.value)]]
        case .setChunk(let record): chunk(record)
        case .deleteChunk(let index, let inode): [["DEL", "c\(inode)_\(index)"]]
        case .setReference(let reference):
            [["HSET", "sliceRef", "k\(reference.id)_\(reference.size)", "\(reference.count - 1)"]]
        case .deleteReference(let id, let size): [["HDEL", "sliceRef", "k\(id)_\(size)"]]
        case .setStat(let inode, let stat):
            [
                ["HSET", "dirDataLength", "\(inode)", "\(stat.dataLength)"],
                ["HSET", "dirUsedSpace", "\(inode)", "\(stat.usedSpace)"],
                ["HSET", "dirUsedInodes", "\(inode)", "\(stat.usedInodes)"],
            ]
        case .deleteStat(let inode):
            ["dirDataLength", "dirUsedSpace", "dirUsedInodes"].map { ["HDEL", $0, "\(inode)"] }
        case .setQuota(let record): quota(record)
        case .deleteQuota(let kind, let number):
            ["", "UsedSpace", "UsedInodes"].map { ["HDEL", "\(hash(of: kind))\($0)", "\(number)"] }
        case .setCounter(let counter, let value): [setCounter(counter, value)]
        case .setSession(let record):
            [
                ["ZADD", "allSessions", "\(record.expires)", "\(record.id)"],
                ["HSET", "sessionInfos", "\(record.id)", Word(record.info)],
            ]
        case .addSustained(let record): [["SADD", "session\(record.session)", "\(record.inode)"]]
        case .deleteSustained(let record): [["SREM", "session\(record.session)", "\(record.inode)"]]
        case .setDeletedFile(let file):
            [["ZADD", "delfiles", "\(file.deleted)", "\(file.inode):\(file.length)"]]
        case .setDelayed(let row): delayed(row)
        case .setDetached(let record): [["ZADD", "detachedNodes", "\(record.added)", "\(record.inode)"]]
        }
    }

    private func value(of entry: NamedEntry) -> Word {
        var writer = ByteWriter()
        writer.write(entry.type.rawValue)
        writer.write(entry.inode.number)
        return Word(writer.bytes)
    }

    private func chunk(_ record: ChunkRecord) -> [[Word]] {
        let key = Word("c\(record.inode)_\(record.index)")
        let slices = stride(from: 0, to: record.slices.count, by: Slice.encodedSize).map { start in
            Word(record.slices[start..<min(start + Slice.encodedSize, record.slices.count)])
        }
        return [["DEL", key], ["RPUSH", key] + slices]
    }

    private func hash(of kind: QuotaKind) -> String {
        switch kind {
        case .directory: "dirQuota"
        case .user: "userQuota"
        case .group: "groupQuota"
        }
    }

    private func quota(_ record: QuotaRecord) -> [[Word]] {
        let (hash, key) = (hash(of: record.kind), Word("\(record.key)"))
        return [
            ["HSET", Word(hash), key, Word(record.quota.encodedLimits)],
            ["HSET", "\(hash)UsedSpace", key, "\(record.quota.usedSpace)"],
            ["HSET", "\(hash)UsedInodes", key, "\(record.quota.usedInodes)"],
        ]
    }

    /// Redis holds the last number given out where SQL engines hold the next one.
    private func setCounter(_ counter: Counter, _ value: Int64) -> [Word] {
        switch counter {
        case .nextInode: ["SET", "nextinode", "\(value - 1)"]
        case .nextChunk: ["SET", "nextchunk", "\(value - 1)"]
        case .nextSession: ["SET", "nextsession", "\(value)"]
        case .nextTrash, .usedSpace, .totalInodes, .nextCleanupSlices, .lastCleanupSessions,
            .lastCleanupFiles, .lastCleanupTrash, .lastCleanupChangelog, .lastBackup:
            ["SET", "\(counter.rawValue)", "\(value)"]
        }
    }

    /// The time is part of the field's name: other fields of the same row go.
    private func delayed(_ row: DelayedSlices) -> [[Word]] {
        let script = """
            for _, f in ipairs(redis.call('HKEYS', KEYS[1])) do
              if string.sub(f, 1, #ARGV[1]) == ARGV[1] then redis.call('HDEL', KEYS[1], f) end
            end
            """
        return [
            ["EVAL", Word(script), "1", "delSlices", "\(row.id)_"],
            ["HSET", "delSlices", "\(row.id)_\(row.deleted)", Word(row.encodedSlices)],
        ]
    }
}

extension String {
    /// The text in pieces of two characters.
    fileprivate var pairs: [Substring] {
        var rest = self[...]
        var pairs: [Substring] = []
        while !rest.isEmpty {
            pairs.append(rest.prefix(2))
            rest = rest.dropFirst(2)
        }
        return pairs
    }
}
