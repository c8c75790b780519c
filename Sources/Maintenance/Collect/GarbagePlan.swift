// SPDX-License-Identifier: Apache-2.0
// A plan can have millions of steps, so it is a file: a header line that ties it to one volume, a line for
// each step, and a last line with their number and the digest of everything above it, by which a plan that
// was cut off or edited is known. Without a name the file vanishes with the process.

package import SluiceBase

/// A plan on disk.
///
/// One owner, one thread at a time.
package final class GarbagePlan {
    private let file: FileDescriptor
    private var pending: [UInt8] = []
    private var offset: Int64 = 0
    private let digest = SHA256Stream()
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
            "plan": "gc", "version": 2, "uuid": .string(uuid), "created": .string(created.rfc3339),
        ])
    }

    package func add(_ step: GarbageStep) throws(SystemError) {
        try append(step.json)
        stepCount += 1
    }

    /// Opens a plan that was saved, to be read only.
    /// - Throws: `MaintenanceError.mismatch` when it is another volume's, `.refused` when it is no plan, cut
    ///   off or edited; `SystemError`.
    package init(opening path: ByteString, for uuid: String) throws {
        file = try FileDescriptor.open(path, [.readOnly])
        var reader = PlanReader(volume: uuid, path: path)
        try Self.forEachLine(of: file) { try reader.add($0, digest) }
        stepCount = try reader.finish()
    }

    /// Writes the last line and what is buffered; call before reading.
    package func finish() throws(SystemError) {
        try append(Self.lastLine(steps: stepCount, digest))
        try file.write(pending, at: offset)
        offset += Int64(pending.count)
        pending = []
        try file.synchronizeData()
    }

    /// The line that seals everything above it.
    fileprivate static func lastLine(steps: Int, _ digest: SHA256Stream) -> JSONObject {
        ["plan_end": "gc", "steps": JSONValue(steps), "sha256": .string(Hex.encode(digest.digest()))]
    }

    private func append(_ object: JSONObject) throws(SystemError) {
        let line = Array((JSONValue.object(object).line + "\n").utf8)
        digest.update(line)
        pending += line
        guard pending.count >= Self.bufferSize else { return }
        try file.write(pending, at: offset)
        offset += Int64(pending.count)
        pending.removeAll(keepingCapacity: true)
    }

    /// Hands out the steps in their order.
    /// - Throws: `CodecError` for a line that is no step, `SystemError`, what `body` throws.
    package func forEachStep(_ body: (GarbageStep) throws -> Void) throws {
        var rest = stepCount
        var isHeader = true
        try Self.forEachLine(of: file) { line in
            defer { isHeader = false }
            guard !isHeader, rest > 0 else { return }
            rest -= 1
            try body(try Self.step(line))
        }
        guard rest == 0 else { throw CodecError("plan", "\(rest) steps are missing") }
    }

    private static func forEachLine(
        of file: borrowing FileDescriptor,
        _ body: ([UInt8]) throws -> Void,
    ) throws {
        var position: Int64 = 0
        var buffer: [UInt8] = []
        while true {
            let chunk = try file.read(count: bufferSize, at: position)
            guard !chunk.isEmpty else { break }
            position += Int64(chunk.count)
            buffer += chunk
            var start = 0
            while let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
                try body(Array(buffer[start..<end]))
                start = end + 1
            }
            buffer.removeFirst(start)
            guard buffer.count <= lineLimit else {
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

/// Reads a saved plan from its first line to its last, and says whether it is whole.
private struct PlanReader {
    let volume: String
    let path: ByteString
    private var lines = 0
    private var steps: Int?

    init(volume: String, path: ByteString) {
        self.volume = volume
        self.path = path
    }

    mutating func add(_ line: [UInt8], _ digest: SHA256Stream) throws {
        guard steps == nil else { throw refusal("something follows its last line") }
        guard let object = try? JSONValue.parse(line).objectValue else { throw refusal("a line is no JSON") }
        if lines == 0 { try check(header: object) }
        if object["plan_end"] != nil {
            let expected = GarbagePlan.lastLine(steps: lines - 1, digest)
            guard line == Array(JSONValue.object(expected).line.utf8) else {
                throw refusal("it is not as gc wrote it")
            }
            steps = lines - 1
            return
        }
        digest.update(line + [UInt8(ascii: "\n")])
        lines += 1
    }

    private func check(header: JSONObject) throws {
        guard header["plan"]?.stringValue == "gc", header["version"]?.int64Value == 2 else {
            throw refusal("it is no plan of gc that this program knows")
        }
        let uuid = header["uuid"]?.stringValue ?? "?"
        guard uuid == volume else {
            throw MaintenanceError(
                .mismatch,
                "apply the plan \(path)",
                reason: "it is of volume \(uuid), not of \(volume)"
            )
        }
    }

    /// - Returns: the number of steps.
    func finish() throws -> Int {
        guard let steps else { throw refusal("it is cut off") }
        return steps
    }

    private func refusal(_ reason: String) -> MaintenanceError {
        MaintenanceError(
            .refused,
            "apply the plan \(path)",
            reason: reason,
            hint: "make a new one with gc --plan"
        )
    }
}
