// SPDX-License-Identifier: Apache-2.0
// Buffers of one size, page-aligned and never zero-filled: filling a fresh 4 MiB array costs milliseconds,
// most of it page faults. Taking a buffer never blocks, so that a reader can serve a writer of the same
// volume; how many are in use is bounded by the threads and queues that hold them, how many lie idle by the
// pool.

import Synchronization

/// Lends buffers of one size.
///
/// Thread-safe.
package final class BufferPool: Sendable {
    /// Bytes of each buffer.
    package let bufferSize: Int
    private let idleLimit: Int
    private let idle = Mutex<[Memory]>([])

    /// - Parameter idleLimit: how many unused buffers are kept.
    package init(bufferSize: Int, idleLimit: Int) {
        self.bufferSize = bufferSize
        self.idleLimit = idleLimit
    }

    deinit {
        for memory in idle.withLock({ $0 }) { memory.free() }
    }

    /// Lends a buffer with arbitrary content; it comes back when its last reference goes.
    package func take() -> PooledBuffer {
        let memory = idle.withLock { $0.popLast() } ?? Memory(byteCount: bufferSize)
        return PooledBuffer(memory, pool: self)
    }

    fileprivate func giveBack(_ memory: Memory) {
        let kept = idle.withLock { list in
            guard list.count < idleLimit else { return false }
            list.append(memory)
            return true
        }
        if !kept { memory.free() }
    }
}

/// A borrowed buffer.
///
/// One thread at a time works on its bytes; whoever hands it on stops using it.
@safe package final class PooledBuffer: Sendable {
    private let memory: Memory
    private let pool: BufferPool

    fileprivate init(_ memory: Memory, pool: BufferPool) {
        self.memory = memory
        self.pool = pool
    }

    deinit {
        pool.giveBack(memory)
    }

    /// The whole buffer, valid as long as this object lives.
    package var bytes: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: memory.start, count: pool.bufferSize)
    }
}

/// An allocation that is owned by exactly one of: the pool's list, a pooled buffer.
@safe private struct Memory: Sendable {
    nonisolated(unsafe) let start: UnsafeMutableRawPointer

    init(byteCount: Int) {
        unsafe start = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 4096)
    }

    func free() {
        unsafe start.deallocate()
    }
}
