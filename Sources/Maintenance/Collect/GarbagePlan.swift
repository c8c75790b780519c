// SPDX-License-Identifier: Apache-2.0
// A plan can have millions of steps, so it is a file: a header line that ties it to one volume, then a line
// for each step. Without a name the file vanishes with the process.

package import SluiceBase

/// A plan on disk.
///
/// One owner, one thread at a time.
package final class GarbagePlan {
    private let file: FileDescriptor
    private var pending: [UInt8] = []
    private var offset: Int64 = 0
    package private(set) var stepCount = 0

    private static let bufferSize = 64 << 10
    /// Longest line of a plan that is read: keys have at most a few KiB.
    private static let lineLimit = 64 << 10

    /// Starts a plan for a volume.
    /// - Parameter path: nil for a file without a name.
    package init(
        for uuid: String,
        created: Timestamp,
        at path: ByteString?,
        spill: SpillSpace
    ) throws(SystemError) {
        if let path {
            file = try FileDescriptor.open(path, [.readWrite, .create, .truncate], mode: 0o600)
        } else {
            file = try FileDescriptor.open(
                spill.directory ?? Posix.temporaryDirectory,
                [.readWrite, .unnamed],
                mode: 0o600
            )
        }
        try append([
            "plan": "gc", "version": 1, "uuid": .string(uuid), "created": .string(created.rfc3339),
        ])
    }

    package func add(_ step: GarbageStep) throws(SystemError) {
        try append(step.json)
        stepCount += 1
    }

    /// Writes what is buffered; call before reading.
    package func finish() throws(SystemError) {
        try file.write(pending, at: offset)
        offset += Int64(pending.count)
        pending = []
        try file.synchronizeData()
    }

    private func append(_ object: JSONObject) throws(SystemError) {
        pending += Array(JSONValue.object(object).line.utf8)
        pending.append(UInt8(ascii: "\n"))
        guard pending.count >= Self.bufferSize else { return }
        try file.write(pending, at: offset)
        offset += Int64(pending.count)
        pending.removeAll(keepingCapacity: true)
    }

    /// Hands out the steps in their order.
    /// - Throws: `CodecError` for a line that is no step, `SystemError`, what `body` throws.
    package func forEachStep(_ body: (GarbageStep) throws -> Void) throws {
        var position: Int64 = 0
        var buffer: [UInt8] = []
        var isHeader = true
        while true {
            let chunk = try file.read(count: Self.bufferSize, at: position)
            guard !chunk.isEmpty else { break }
            position += Int64(chunk.count)
            buffer += chunk
            var start = 0
            while let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
                if !isHeader { try body(try Self.step(Array(buffer[start..<end]))) }
                isHeader = false
                start = end + 1
            }
            buffer.removeFirst(start)
            guard buffer.count <= Self.lineLimit else {
                throw CodecError("plan", "a line is longer than 64 KiB")
            }
        }
        guard buffer.isEmpty else { throw CodecError("plan", "the last line is not complete") }
    }

    private static func step(_ line: [UInt8]) throws(CodecError) -> GarbageStep {
        guard let object = try JSONValue.parse(line).objectValue else {
            throw CodecError("plan", "not an object")
        }
        return try GarbageStep(object)
    }
}
