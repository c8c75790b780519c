// SPDX-License-Identifier: Apache-2.0
// Reads a binary dump segment by segment, in any order; of a segment only one record is in memory at a time.

import SluiceBase

/// What a binary dump consists of, as it comes.
enum BinaryItem {
    /// The settings, as JSON.
    case format([UInt8])
    /// A record and the list it stood in.
    case record(ArraySlice<UInt8>, BinarySegment, field: Int)
}

/// Walks over a binary dump from its start to its footer.
struct BinarySegments {
    /// Far more than any record takes: names are short, chunks are compacted.
    private static let recordLimit: UInt64 = 64 << 20
    private static let footerLimit = 64 << 20

    let input: BinaryInput

    /// Hands out everything in the dump and compares what came with the footer.
    /// - Parameters:
    ///   - skippingRecords: read the records' lengths only.
    /// - Returns: what the dump holds, as counted.
    /// - Throws: `CodecError` for anything that is not a whole binary dump; what `take` throws.
    func walk(take: (BinaryItem) throws -> Void) throws -> BinaryDumpSummary {
        var summary = BinaryDumpSummary()
        try forEachSegment { kind, start, length in
            let count = try walk(kind, length, take)
            summary.segments[kind, default: BinarySegmentSummary()].offsets.append(start)
            summary.segments[kind, default: BinarySegmentSummary()].count += count
        }
        try compareFooter(summary)
        return summary
    }

    /// Reads the heads of the segments up to the end mark.
    /// - Parameter body: gets kind, start and length of a segment, whose records it must take.
    func forEachSegment(_ body: (BinarySegment, UInt64, UInt64) throws -> Void) throws {
        while true {
            let start = input.position
            let code: UInt32 = try number(4)
            if code == BinarySegment.endMark { return }
            guard let kind = BinarySegment(rawValue: code) else { throw unknownKind(code, at: start) }
            guard start > 0 || kind == .format else { throw unknownKind(code, at: start) }
            try body(kind, start, try number(8))
        }
    }

    /// The records of one segment.
    func walk(
        _ kind: BinarySegment,
        _ length: UInt64,
        _ take: (BinaryItem) throws -> Void,
    ) throws -> UInt64 {
        let subject = "the \(kind.name) segment"
        var left = length
        var count: UInt64 = 0
        while left > 0 {
            let (tag, tagWidth) = try input.takeVarint(of: subject)
            let (size, sizeWidth) = try input.takeVarint(of: subject)
            guard tag & 7 == 2, size <= Self.recordLimit, tagWidth + sizeWidth + size <= left else {
                throw CodecError(subject, at: Int(clamping: input.position), "this is no record")
            }
            left -= tagWidth + sizeWidth + size
            let bytes = try input.take(Int(size), of: subject)
            count += 1
            if kind == .format {
                try take(.format(bytes))
            } else {
                try take(.record(bytes[...], kind, field: Int(truncatingIfNeeded: tag >> 3)))
            }
        }
        return count
    }

    /// The footer counts what must have come: a dump that lost a part is not taken for a whole one.
    private func compareFooter(_ summary: BinaryDumpSummary) throws {
        let subject = "the footer"
        let rest = try input.takeRest(limit: Self.footerLimit, of: subject)
        guard rest.count >= 8 else { throw CodecError(subject, "the dump is cut here") }
        var length = ByteReader(Array(rest.suffix(8)), of: subject)
        guard try length.read(UInt64.self) == UInt64(rest.count - 8) else {
            throw CodecError(subject, "its length is not what stands at the end")
        }
        let counts = try counts(rest.dropLast(8))
        for kind in BinarySegment.allCases {
            let (announced, found) = (counts[kind.name] ?? 0, summary.segments[kind]?.count ?? 0)
            guard announced == found else {
                throw CodecError(subject, "it counts \(announced) of \(kind.name), \(found) came")
            }
        }
    }

    private func counts(_ footer: ArraySlice<UInt8>) throws(CodecError) -> [String: UInt64] {
        let subject = "the footer"
        var reader = ProtobufReader(footer, of: subject)
        var counts: [String: UInt64] = [:]
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .number(let magic)) where magic != UInt64(BinarySegment.endMark):
                throw CodecError(subject, "it does not begin as one")
            case (2, .number(let version)) where version != BinarySegment.version:
                throw CodecError(subject, "version \(version) of the format is not known")
            case (3, .bytes(let entry)):
                let (name, count) = try count(entry)
                counts[name, default: 0] = counts[name, default: 0].saturatingAdd(count)
            default: continue
            }
        }
        return counts
    }

    private func count(_ entry: ArraySlice<UInt8>) throws(CodecError) -> (String, UInt64) {
        var reader = ProtobufReader(entry, of: "the footer")
        var name = ""
        var count: UInt64 = 0
        while let (field, value) = try reader.next() {
            guard case .bytes(let bytes) = value else { continue }
            if field == 1 { name = String(decoding: bytes, as: UTF8.self) }
            guard field == 2 else { continue }
            var info = ProtobufReader(bytes, of: "the footer")
            while let (field, value) = try info.next() {
                if field == 2, case .number(let number) = value { count = number }
            }
        }
        return (name, count)
    }

    private func number<Number: FixedWidthInteger>(_ width: Int) throws -> Number {
        var reader = ByteReader(try input.take(width, of: "a segment"), of: "a segment")
        return try reader.read()
    }

    private func unknownKind(_ code: UInt32, at start: UInt64) -> CodecError {
        guard start == 0 else {
            return CodecError("a segment", at: Int(clamping: start), "there is no kind \(code)")
        }
        return CodecError("a binary dump", at: 0, "it does not begin with settings")
    }
}

extension UInt64 {
    fileprivate func saturatingAdd(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
