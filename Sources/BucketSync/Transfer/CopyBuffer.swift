// SPDX-License-Identifier: Apache-2.0

import Glibc
import ObjectStorage
import SluiceBase

/// One worker's memory for small objects: filled from the source, then handed out to the destination.
@safe final class CopyBuffer: ByteSource {
    static let capacity = 1 << 20

    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    private var position = 0

    init() {
        unsafe memory = .allocate(byteCount: Self.capacity, alignment: 4096)
    }

    deinit {
        unsafe memory.deallocate()
    }

    var length: UInt64 { UInt64(count) }

    /// The bytes, valid until the buffer changes or goes away.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    func removeAll() {
        count = 0
        position = 0
    }

    /// Takes in a run; false when it does not fit.
    func append(_ run: UnsafeRawBufferPointer) -> Bool {
        guard run.count <= Self.capacity - count else { return false }
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: run)
        count += run.count
        return true
    }

    func rewind() {
        position = 0
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let taken = min(buffer.count, count - position)
        guard taken > 0 else { return 0 }
        unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[position..<position + taken]))
        position += taken
        return taken
    }

    func lend(to body: (UnsafeRawBufferPointer) throws -> Void) rethrows -> Bool {
        try unsafe body(bytes)
        return true
    }

    /// Lends the first `count` bytes to be filled from outside.
    func withMemory<Result>(
        _ count: Int,
        _ body: (UnsafeMutableRawBufferPointer) throws -> Result,
    ) rethrows -> Result {
        try unsafe body(UnsafeMutableRawBufferPointer(rebasing: memory[..<min(count, Self.capacity)]))
    }

    /// Whether the first `count` bytes are those of a run of the same length.
    func isEqual(_ count: Int, to run: UnsafeRawBufferPointer) -> Bool {
        guard run.count == count, let mine = unsafe memory.baseAddress, let other = run.baseAddress else {
            return false
        }
        return unsafe memcmp(mine, other, count) == 0
    }
}
