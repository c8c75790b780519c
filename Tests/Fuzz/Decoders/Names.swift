// SPDX-License-Identifier: Apache-2.0
// Names and addresses: of trash entries and objects, of engines and stores; and the numbers that people
// write.

import BucketSync
import MetadataSQL
import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

/// Names in the trash and of objects.
@Sendable func checkNames(_ bytes: [UInt8]) throws(BrokenPromise) {
    let name = ByteString(bytes)
    _ = (name.description, name.text, name.isValidName)
    if let entry = TrashEntryName(parsing: name), bytes.count <= FileName.maximumLength {
        let again = TrashEntryName(parsing: entry.encoded)
        try promise(again == entry, "the trash entry \(name) changes when it is written and read again")
    }
    if let hour = TrashHour(parsing: name) {
        try promise(hour.name == name, "the trash hour \(name) is written as \(hour.name)")
    }
    _ = ACLKind(attributeName: name)
    for hashPrefix in [false, true] {
        let layout = BlockLayout(blockSize: 4 << 20, hashPrefix: hashPrefix)
        switch layout.parse(name) {
        case .block(let block):
            try promise(layout.objectKey(of: block) == name, "\(name) is not how its block is called")
        case .misplaced(let block):
            let key = layout.objectKey(of: block)
            try promise(key != name, "\(name) is where it belongs")
            try promise(layout.parse(key) == .block(block), "\(key) is not recognised")
        case .foreign: break
        }
    }
}

/// Addresses of engines and stores; nothing is opened that is not in memory.
@Sendable func checkAddresses(_ bytes: [UInt8]) throws(BrokenPromise) {
    let text = String(decoding: bytes, as: UTF8.self)
    let redacted = redactedAddress(text)
    try promise(redactedAddress(redacted) == redacted, "hiding secrets twice hides more than once")
    _ = terminalSafe(text)
    if let address = accepted({ () throws(EngineError) in try SQLiteAddress(text) }) {
        try promise(!address.path.isEmpty && !address.path.utf8.contains(0), "an address without a path")
        try promise(address.path.hasPrefix("/") || address.path.hasPrefix("./"), "the path '\(address.path)'")
    }
    let bucket = String(decoding: bytes.dropFirst(), as: UTF8.self)
    for storage in ["mem", "file", bucket] {
        _ = accepted { () throws(StorageError) in
            let request = StorageRequest(storage: storage, bucket: bucket)
            return try openStore(request, shards: Int(bytes.first ?? 0)).address
        }
    }
}

/// Patterns of sync, one on each line; the last line is the key that they look at.
@Sendable func checkFilters(_ bytes: [UInt8]) throws(BrokenPromise) {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard let key = lines.last else { return }
    let rules = lines.dropLast().enumerated().compactMap { number, pattern in
        accepted { () throws(CodecError) in
            try NameRule(include: number % 2 == 1, ByteString(Array(pattern)))
        }
    }
    _ = rules.map(\.surprise)
    for matchesFullPath in [false, true] {
        let all = NameRules(rules, matchesFullPath: matchesFullPath)
        let isAdmitted = all.admit(ByteString(Array(key)))
        try promise(isAdmitted || all.areEffective, "a key is left out although no rule excludes")
    }
}

/// Numbers, times and binary text as people and other programs write them.
@Sendable func checkUnits(_ bytes: [UInt8]) throws(BrokenPromise) {
    let text = String(decoding: bytes, as: UTF8.self)
    _ = accepted { () throws(UnitError) in try parseBytes(text, defaultUnit: .gibi) }.map { formatBytes($0) }
    if let duration = accepted({ () throws(UnitError) in try parseDuration(text) }) {
        let shown = formatDuration(duration)
        _ = try certain("the duration \(shown)") { () throws(UnitError) in try parseDuration(shown) }
    }
    if let time = accepted({ () throws(CodecError) in try Timestamp(rfc3339: text) }),
        (0..<1 << 37) ~= time.seconds
    {
        let shown = time.rfc3339
        let again = try certain("the time \(shown)") { () throws(CodecError) in try Timestamp(rfc3339: shown)
        }
        try promise(again == time, "\(text) changes when it is written and read again")
    }
    if let version = ClientVersion(text) {
        try promise(
            ClientVersion(version.description) == version,
            "the version \(version) does not read back"
        )
        _ = version < .compatible
    }
    if let decoded = accepted({ () throws(CodecError) in try Hex.decode(text) }) {
        try promise(Hex.encode(decoded).utf8.count == bytes.count, "hexadecimal text changes its length")
    }
    if let decoded = accepted({ () throws(CodecError) in try Base64.decode(bytes) }) {
        let written = bytes.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        try promise(Array(Base64.encode(decoded).utf8) == written, "base64 text changes")
    }
}
