// SPDX-License-Identifier: Apache-2.0
// Steps that must wait: removals until both listings are known to be complete, links until their files are
// there, directories until their content is. A long list goes to a file without a name, so that memory stays
// bounded.

import SluiceBase

/// Steps in the order in which they were added.
///
/// Not thread-safe.
final class StepSpool {
    private var tail: [SyncStep] = []
    private var chunks: [Chunk] = []
    private var file: SpoolFile?
    private let stepsPerChunk: Int
    private(set) var count: UInt64 = 0

    private struct Chunk {
        let offset: Int64
        let length: Int
    }

    /// - Parameter stepsPerChunk: kept in memory; 0 is not possible.
    init(stepsPerChunk: Int = 4096) {
        self.stepsPerChunk = stepsPerChunk
    }

    func append(_ step: SyncStep) throws {
        tail.append(step)
        count += 1
        if tail.count >= stepsPerChunk { try spill() }
    }

    private func spill() throws {
        let file = try self.file ?? SpoolFile()
        self.file = file
        let text = Array(tail.map { $0.json.line }.joined(separator: "\n").utf8)
        chunks.append(Chunk(offset: try file.append(text), length: text.count))
        tail = []
    }

    /// Hands the steps on, batch by batch, in their order.
    func forEachBatch(_ body: ([SyncStep]) throws -> Void) throws {
        for chunk in chunks { try body(try load(chunk)) }
        if !tail.isEmpty { try body(tail) }
    }

    /// Hands the steps on, batch by batch, the last step first.
    func forEachBatchReversed(_ body: ([SyncStep]) throws -> Void) throws {
        if !tail.isEmpty { try body(tail.reversed()) }
        for chunk in chunks.reversed() { try body(try load(chunk).reversed()) }
    }

    private func load(_ chunk: Chunk) throws -> [SyncStep] {
        guard let file else { return [] }
        let bytes = try file.bytes(at: chunk.offset, count: chunk.length)
        return try bytes.split(separator: UInt8(ascii: "\n")).map { line in
            try SyncStep(json: try JSONValue.parse(Array(line)))
        }
    }
}

/// A file in the temporary directory that has no name, so that it ends with the process.
private final class SpoolFile {
    private let descriptor: FileDescriptor
    private var end: Int64 = 0

    init() throws(SystemError) {
        descriptor = try FileDescriptor.open(
            Posix.temporaryDirectory,
            [.readWrite, .unnamed],
            mode: 0o600
        )
    }

    func append(_ bytes: [UInt8]) throws(SystemError) -> Int64 {
        defer { end += Int64(bytes.count) }
        try descriptor.write(bytes, at: end)
        return end
    }

    func bytes(at offset: Int64, count: Int) throws(SystemError) -> [UInt8] {
        try descriptor.read(count: count, at: offset)
    }
}
