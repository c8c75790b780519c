// SPDX-License-Identifier: Apache-2.0
// Large objects go past the page cache: filling it costs several times the CPU of the transfer itself and
// pushes out what training jobs have there. File systems that cannot do it, or want more alignment, get
// ordinary writes.

import Glibc
import SluiceBase

extension OpenFile {
    /// Lengths and addresses of direct writes are multiples of this; larger sectors answer EINVAL.
    private static let alignment = 4096

    /// Whether writes go past the page cache; stays false where that is not possible.
    var bypassesCache: Bool {
        get { isDirect }
        set {
            let flags = OpenFlags.direct.rawValue
            isDirect = fcntl(descriptor, F_SETFL, newValue ? flags : 0) == 0 && newValue
        }
    }

    /// Writes a run at the current position; what is not aligned goes through the cache.
    func append(_ run: UnsafeRawBufferPointer) throws(SystemError) {
        guard isDirect else { return try unsafe write(run) }
        let aligned = run.count / Self.alignment * Self.alignment
        var done = 0
        do throws(SystemError) {
            while done < aligned {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: run[done..<aligned])
                done += try checked { unsafe Glibc.write(descriptor, rest.baseAddress, rest.count) }
                guard done % Self.alignment == 0 else { break }
            }
        } catch {
            guard error.code == EINVAL else { throw error }
        }
        guard done < run.count else { return }
        bypassesCache = false
        try unsafe write(UnsafeRawBufferPointer(rebasing: run[done...]))
    }

    /// Writes bytes in runs of `window` bytes and hands each run out while it is still in the processor's
    /// cache.
    func append(
        _ bytes: UnsafeRawBufferPointer,
        _ window: Int,
        written: (UnsafeRawBufferPointer) -> Void,
    ) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let run = unsafe UnsafeRawBufferPointer(rebasing: bytes[done..<min(done + window, bytes.count)])
            try unsafe append(run)
            unsafe written(run)
            done += run.count
        }
    }
}
