// SPDX-License-Identifier: Apache-2.0
// A large object goes up in parts that are in memory one after another: the source is read once, each part
// can be sent again by itself, and nothing of the object is visible before all of it is there.

import SluiceBase

extension MultipartLimits {
    /// Bytes of a part of an object of `length` bytes: the smallest that the number of parts allows, in whole
    /// MiB when it is not the least (sync §a.7, JuiceFS 1.4.2).
    package func partSize(for length: UInt64) -> UInt64 {
        let count = UInt64(max(1, maximumPartCount))
        guard length > minimumPartSize, (length - 1) / count >= minimumPartSize else {
            return minimumPartSize
        }
        let needed = (length - 1) / count + 1
        return min(((needed + (1 << 20) - 1) >> 20) << 20, max(maximumPartSize, needed))
    }
}

extension ObjectStore {
    /// Stores a source in parts, one after another; what was sent of a failed upload is dropped again.
    package func putInParts(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
        _ limits: MultipartLimits,
    ) throws(StorageError) -> PutReceipt {
        let upload = try startMultipart(key, options: options)
        do throws(StorageError) {
            let total = try sendParts(of: source, to: upload, limits.partSize(for: source.length), key)
            guard total == source.length else {
                throw StorageError(
                    wrongLength: Int(clamping: total),
                    of: source.length,
                    "store",
                    key: key,
                    address: address
                )
            }
            return try upload.complete()
        } catch {
            // What ended the upload is the failure to report; parts that stay behind can be listed.
            do throws(StorageError) { try upload.abort() } catch {}
            throw error
        }
    }

    /// - Returns: bytes of the source; those beyond its announced length are not sent.
    private func sendParts(
        of source: any ByteSource,
        to upload: any MultipartUpload,
        _ partSize: UInt64,
        _ key: ObjectKey,
    ) throws(StorageError) -> UInt64 {
        let size = Int(clamping: min(partSize, max(source.length, 1)))
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
        defer { unsafe memory.deallocate() }
        var total: UInt64 = 0
        var number = 1
        do {
            try source.rewind()
            while true {
                let filled = try unsafe source.fill(memory)
                total += UInt64(filled)
                guard filled > 0, total <= source.length else { return total }
                let part = unsafe LentBytes(UnsafeRawBufferPointer(rebasing: memory[..<filled]))
                _ = try upload.putPart(number, from: part)
                number += 1
            }
        } catch {
            throw StorageError(endedBy: error, "store", key: key, address: address)
        }
    }
}

extension ByteSource {
    /// Fills the buffer unless the source ends before.
    /// - Returns: the number of bytes.
    package func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = try unsafe read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            guard count > 0 else { break }
            filled += count
        }
        return filled
    }
}
