// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// Writes segments of bounded size, then the footer.
///
/// One owner, one thread at a time.
final class BinaryWriter {
    /// A segment is written when it has grown to this many bytes.
    private static let segmentBytes = 1 << 20

    private let output: any DumpOutput
    private var position: UInt64 = 0
    private var kind: BinarySegment?
    private var segment = ProtobufWriter()
    private(set) var summaries: [BinarySegment: BinarySegmentSummary] = [:]

    init(_ output: any DumpOutput) {
        self.output = output
    }

    /// Adds one record to the segment of its kind.
    func add(_ message: BinaryMessage) throws {
        if message.kind != kind || segment.bytes.count >= Self.segmentBytes { try endSegment() }
        kind = message.kind
        segment.write(message: message.bytes, field: message.field)
        summaries[message.kind, default: BinarySegmentSummary()].count += 1
    }

    /// Writes the only segment that is one message and no list.
    func add(format: [UInt8]) throws {
        try endSegment()
        kind = .format
        segment.write(format, field: BinarySegment.format.field)
        summaries[.format, default: BinarySegmentSummary()].count += 1
        try endSegment()
    }

    /// Writes the end mark and the footer.
    func finish() throws {
        try endSegment()
        var mark = ByteWriter()
        mark.write(BinarySegment.endMark)
        try emit(mark.bytes)
        let footer = encodedFooter
        var end = ByteWriter()
        end.write(footer)
        end.write(UInt64(footer.count))
        try emit(end.bytes)
    }

    private func endSegment() throws {
        defer {
            kind = nil
            segment.removeAll()
        }
        guard let kind else { return }
        summaries[kind, default: BinarySegmentSummary()].offsets.append(position)
        var head = ByteWriter()
        head.write(kind.rawValue)
        head.write(UInt64(segment.bytes.count))
        try emit(head.bytes)
        try emit(segment.bytes)
    }

    private var encodedFooter: [UInt8] {
        var footer = ProtobufWriter()
        footer.write(UInt64(BinarySegment.endMark), field: 1)
        footer.write(BinarySegment.version, field: 2)
        for kind in BinarySegment.allCases {
            guard let summary = summaries[kind] else { continue }
            var info = ProtobufWriter()
            info.write(packed: summary.offsets, field: 1)
            info.write(summary.count, field: 2)
            var entry = ProtobufWriter()
            entry.write(Array(kind.name.utf8), field: 1)
            entry.write(message: info.bytes[...], field: 2)
            footer.write(message: entry.bytes[...], field: 3)
        }
        return footer.bytes
    }

    private func emit(_ bytes: [UInt8]) throws {
        try unsafe bytes.withUnsafeBytes { try unsafe output.write($0) }
        position += UInt64(bytes.count)
    }
}
