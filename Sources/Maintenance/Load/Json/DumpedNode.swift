// SPDX-License-Identifier: Apache-2.0
// What a dump says of one node.

import Metadata
import SluiceBase
import VolumeModel

/// A node of a dump.
struct DumpedNode {
    /// Rough bytes of extended attributes and chunks that wait before they are handed on.
    private static let largestWaiting = 1 << 20
    /// Bytes of the slices of one chunk; compaction keeps them far below.
    private static let longestChunk = 16 << 20

    /// Which description of a node this is, in order of the dump: a node has one with each of its names.
    let description: UInt64
    var inode = Inode(0)
    var attributes: Attributes?
    var target: ByteString?
    var extendedAttributes: [(name: ByteString, value: [UInt8])] = []
    var accessRule: ACLRule?
    var defaultRule: ACLRule?
    var chunks: [(index: UInt32, slices: [UInt8])] = []
    /// Of all chunks, those that were handed on included.
    private(set) var chunkCount: UInt64 = 0
    private(set) var sliceCount: UInt64 = 0
    private var weight = 0

    init(description: UInt64) {
        self.description = description
    }

    /// Drops what was handed on.
    mutating func removeDetails() {
        extendedAttributes.removeAll()
        chunks.removeAll()
        weight = 0
    }

    /// Takes the value of the field that was named last.
    /// - Parameter handOn: is called when much of a node has gathered, and must remove it.
    /// - Returns: false for a field that is not known.
    mutating func takeField(
        _ tokens: DumpTokens,
        handOn: (inout DumpedNode) throws -> Void,
    ) throws -> Bool {
        if tokens.isText("attr") {
            try takeAttributes(tokens)
        } else if tokens.isText("chunks") {
            try tokens.forEachElement {
                try takeChunk(tokens)
                try gather(tokens, handOn)
            }
        } else if tokens.isText("symlink") {
            try tokens.string()
            target = ByteString(unescapedName(tokens.text))
        } else if tokens.isText("xattrs") {
            try tokens.forEachElement {
                try takeExtendedAttribute(tokens)
                try gather(tokens, handOn)
            }
        } else if tokens.isText("posix_acl_access") {
            accessRule = try Self.rule(tokens)
        } else if tokens.isText("posix_acl_default") {
            defaultRule = try Self.rule(tokens)
        } else {
            return false
        }
        return true
    }

    private mutating func gather(
        _ tokens: DumpTokens,
        _ handOn: (inout DumpedNode) throws -> Void
    ) throws {
        guard weight > Self.largestWaiting else { return }
        guard attributes != nil else { throw tokens.failure("a long list stands before 'attr'") }
        try handOn(&self)
    }

    private mutating func takeAttributes(_ tokens: DumpTokens) throws {
        guard attributes == nil else { throw tokens.failure("a node has 'attr' twice") }
        var found = Attributes(type: FileType(rawValue: 0), mode: 0, time: .epoch, parent: Inode(0))
        try tokens.forEachField {
            if tokens.isText("inode") {
                inode = Inode(try tokens.number())
            } else if tokens.isText("type") {
                try tokens.string()
                found.type = try Self.type(tokens)
            } else if tokens.isText("mode") {
                found.mode = try tokens.number(UInt16.self) & 0o7777
            } else if tokens.isText("uid") {
                found.uid = try tokens.number()
            } else if tokens.isText("gid") {
                found.gid = try tokens.number()
            } else if try !Self.takeTime(tokens, &found), try !Self.takeRest(tokens, &found) {
                try tokens.skipValue()
            }
        }
        guard found.type.isKnown else { throw tokens.failure("a node without type") }
        guard inode.number > 0, Int64(exactly: inode.number) != nil else {
            throw tokens.failure("\(inode) is no inode")
        }
        attributes = found
    }

    private static func takeTime(_ tokens: DumpTokens, _ found: inout Attributes) throws -> Bool {
        if tokens.isText("atime") {
            found.accessTime.seconds = try tokens.number()
        } else if tokens.isText("mtime") {
            found.modifyTime.seconds = try tokens.number()
        } else if tokens.isText("ctime") {
            found.changeTime.seconds = try tokens.number()
        } else if tokens.isText("atimensec") {
            found.accessTime.nanoseconds = try nanoseconds(tokens)
        } else if tokens.isText("mtimensec") {
            found.modifyTime.nanoseconds = try nanoseconds(tokens)
        } else if tokens.isText("ctimensec") {
            found.changeTime.nanoseconds = try nanoseconds(tokens)
        } else {
            return false
        }
        return true
    }

    private static func nanoseconds(_ tokens: DumpTokens) throws -> UInt32 {
        let value: UInt32 = try tokens.number()
        guard value < 1_000_000_000 else { throw tokens.failure("\(value) nanoseconds") }
        return value
    }

    private static func takeRest(_ tokens: DumpTokens, _ found: inout Attributes) throws -> Bool {
        if tokens.isText("nlink") {
            found.linkCount = try tokens.number()
        } else if tokens.isText("length") {
            found.length = try tokens.number()
            guard found.length <= FileName.maximumFileLength else {
                throw tokens.failure("a length of \(found.length)")
            }
        } else if tokens.isText("rdev") {
            found.device = try tokens.number()
        } else if tokens.isText("flags") {
            found.flags = NodeFlags(rawValue: try tokens.number())
        } else if tokens.isText("tier") {
            found.tier = try tokens.number()
        } else {
            return false
        }
        return true
    }

    private static func type(_ tokens: DumpTokens) throws -> FileType {
        if tokens.isText("regular") { return .file }
        if tokens.isText("directory") { return .directory }
        if tokens.isText("symlink") { return .symlink }
        if tokens.isText("fifo") { return .fifo }
        if tokens.isText("blockdev") { return .blockDevice }
        if tokens.isText("chardev") { return .characterDevice }
        if tokens.isText("socket") { return .socket }
        let name = String(decoding: tokens.text, as: UTF8.self)
        throw tokens.failure("the type '\(terminalSafe(name))' is not known")
    }

    private mutating func takeChunk(_ tokens: DumpTokens) throws {
        var index: UInt32 = 0
        var slices = ByteWriter(capacity: Slice.encodedSize)
        var count: UInt64 = 0
        try tokens.forEachField {
            if tokens.isText("index") {
                index = try tokens.number()
            } else if tokens.isText("slices") {
                try tokens.forEachElement {
                    slices.write(try Self.slice(tokens).encoded)
                    count += 1
                    guard slices.bytes.count <= Self.longestChunk else {
                        throw tokens.failure("chunk \(index) has too many slices")
                    }
                }
            } else {
                try tokens.skipValue()
            }
        }
        guard index < 1 << 31 else { throw tokens.failure("chunk \(index)") }
        guard count > 0 else { return }
        sliceCount += count
        chunkCount += 1
        chunks.append((index, slices.bytes))
        weight += 64 + slices.bytes.count
    }

    private static func slice(_ tokens: DumpTokens) throws -> Slice {
        var slice = Slice(position: 0, id: 0, size: 0, offset: 0, length: 0)
        try tokens.forEachField {
            if tokens.isText("id") || tokens.isText("chunkid") {
                slice.id = try tokens.number()
            } else if tokens.isText("pos") {
                slice.position = try tokens.number()
            } else if tokens.isText("size") {
                slice.size = try tokens.number()
            } else if tokens.isText("off") {
                slice.offset = try tokens.number()
            } else if tokens.isText("len") {
                slice.length = try tokens.number()
            } else {
                try tokens.skipValue()
            }
        }
        guard slice.isConsistent, Int64(exactly: slice.id) != nil else {
            throw tokens.failure("slice \(slice.id) reaches out of its bounds")
        }
        return slice
    }

    private mutating func takeExtendedAttribute(_ tokens: DumpTokens) throws {
        var (name, value) = (ByteString(""), [UInt8]())
        try tokens.forEachField {
            if tokens.isText("name") {
                try tokens.string()
                name = ByteString(tokens.text)
            } else if tokens.isText("value") {
                try tokens.string()
                value = unescapedName(tokens.text)
            } else {
                try tokens.skipValue()
            }
        }
        guard !name.isEmpty, name.count <= 255, !name.bytes.contains(0),
            value.count <= FileName.maximumAttributeLength
        else {
            throw tokens.failure("an extended attribute with an impossible name or value")
        }
        extendedAttributes.append((name, value))
        weight += 64 + name.count + value.count
    }

    private static func rule(_ tokens: DumpTokens) throws -> ACLRule? {
        guard try !tokens.takeNull() else { return nil }
        var rule = ACLRule()
        try tokens.forEachField {
            if tokens.isText("owner") {
                rule.owner = try tokens.number()
            } else if tokens.isText("group") {
                rule.group = try tokens.number()
            } else if tokens.isText("other") {
                rule.other = try tokens.number()
            } else if tokens.isText("mask") {
                rule.mask = try tokens.number()
            } else if tokens.isText("users") {
                try tokens.forEachElement { try take(entry(tokens), into: &rule.namedUsers, tokens) }
            } else if tokens.isText("groups") {
                try tokens.forEachElement { try take(entry(tokens), into: &rule.namedGroups, tokens) }
            } else {
                try tokens.skipValue()
            }
        }
        return rule
    }

    /// Stored rules count their entries in 16 bits.
    private static func take(
        _ entry: ACLRule.Entry,
        into entries: inout [ACLRule.Entry],
        _ tokens: DumpTokens,
    ) throws {
        guard entries.count < UInt16.max else { throw tokens.failure("an ACL with too many entries") }
        entries.append(entry)
    }

    private static func entry(_ tokens: DumpTokens) throws -> ACLRule.Entry {
        var entry = ACLRule.Entry(id: 0, permissions: 0)
        try tokens.forEachField {
            if tokens.isText("id") {
                entry.id = try tokens.number()
            } else if tokens.isText("perm") {
                entry.permissions = try tokens.number()
            } else {
                try tokens.skipValue()
            }
        }
        return entry
    }
}
