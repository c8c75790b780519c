// SPDX-License-Identifier: Apache-2.0

/// Where a dump goes: a file, standard output, a compressor in front of either.
///
/// For one thread at a time.
package protocol DumpOutput: AnyObject {
    /// Takes all bytes.
    /// - Throws: what the medium says; the dump is worthless then.
    func write(_ bytes: UnsafeRawBufferPointer) throws
}

/// Where a dump comes from: a file, standard input, a decompressor behind either.
///
/// For one thread at a time.
package protocol DumpInput: AnyObject {
    /// Reads the next bytes.
    /// - Returns: how many bytes the buffer got, 0 at the end only.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}
