// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Page-aligned buffers of one size that are lent and taken back, because touching fresh memory costs more
/// than copying through it.
@safe final class TransferBuffers: Sendable {
    static let size = 1 << 20
    static let shared = TransferBuffers()

    /// Addresses of idle buffers, at most `kept`; the rest goes back to the system.
    private let idle = Mutex<[UInt]>([])
    private let kept = 32

    /// Lends a buffer for the length of the call.
    func withBuffer<Result, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let address = idle.withLock { $0.popLast() }
        let known = unsafe address.flatMap { unsafe UnsafeMutableRawPointer(bitPattern: $0) }
        let memory =
            unsafe known ?? UnsafeMutableRawPointer.allocate(byteCount: Self.size, alignment: 4096)
        defer {
            let isKept = idle.withLock { idle in
                guard idle.count < kept else { return false }
                idle.append(UInt(bitPattern: memory))
                return true
            }
            if !isKept { unsafe memory.deallocate() }
        }
        return try unsafe body(UnsafeMutableRawBufferPointer(start: memory, count: Self.size))
    }
}
