// SPDX-License-Identifier: Apache-2.0
// What a store's answer to a put proves. Stores differ in what they compute: some answer with the CRC-32C,
// some with an ETag that is the MD5, some with nothing that means anything (encrypted buckets, gateways). We
// learn which it is, and compute an MD5 only as long as it may prove something. Servers have been seen (moto)
// that repeat the checksum header of the request whatever they stored: only of Amazon's own answer is the
// header a proof, of others it can only disprove.

import ObjectStorage
import SluiceBase
import Synchronization

/// Remembers how a bucket proves what it stored.
final class ChecksumProofs: Sendable {
    private enum Way {
        case unknown
        case crc32c
        case md5
        case none
    }

    private let way = Mutex(Way.unknown)
    private let trustsEcho: Bool

    /// - Parameter trustsEcho: whether the store is known to compute the checksum that it answers with.
    init(trustsEcho: Bool) {
        self.trustsEcho = trustsEcho
    }

    /// Whether an MD5 of the body may prove something.
    var wantsMD5: Bool {
        switch way.withLock({ $0 }) {
        case .unknown, .md5: true
        case .crc32c, .none: false
        }
    }

    enum Verdict {
        case proven
        case unproven
        case different
    }

    /// Compares an answer with what was sent.
    func judge(_ headers: HTTPHeaders, crc32c: UInt32, md5: [UInt8]?) -> Verdict {
        if let echoed = headers["x-amz-checksum-crc32c"] {
            guard echoed == Self.base64(crc32c) else { return .different }
            if trustsEcho {
                way.withLock { $0 = .crc32c }
                return .proven
            }
        }
        guard let md5, let tag = headers["etag"].map(HTTPHead.tag) else { return .unproven }
        if tag.lowercased() == Hex.encode(md5) {
            way.withLock { $0 = .md5 }
            return .proven
        }
        return way.withLock { way in
            // A tag that never was an MD5 says nothing by being another one.
            if case .md5 = way, tag.utf8.count == 32 { return .different }
            if case .unknown = way { way = .none }
            return .unproven
        }
    }

    static func base64(_ crc32c: UInt32) -> String {
        Base64.encode((0..<4).map { UInt8(truncatingIfNeeded: crc32c >> (24 - 8 * UInt32($0))) })
    }
}
