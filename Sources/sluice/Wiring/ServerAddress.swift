// SPDX-License-Identifier: Apache-2.0

import ObjectDrivers
import ObjectStorage
import SluiceBase

extension BucketAddress {
    /// `[USER[:PASSWORD]@]HOST[:PORT]:PATH` (sync.md §a.1, JuiceFS 1.4.2).
    ///
    /// The path is taken as it is, user and password may be percent-encoded.
    init(sftp text: Substring, of address: String) throws {
        let authority = text.prefix { $0 != "/" }
        let place = authority.lastIndex(of: "@").map { text[text.index(after: $0)...] } ?? text
        let login = text.dropLast(place.count).dropLast()
        let user = login.prefix { $0 != ":" }
        let location: SFTPLocation
        do throws(StorageError) {
            location = try SFTPLocation(String(place))
        } catch {
            throw Self.refusal(
                address,
                error.reason,
                "local paths with a colon are written file:///PATH, servers as user@host:/PATH"
            )
        }
        self.init(
            "sftp",
            bucket: location.folderAddress,
            accessKey: String(user),
            secretKey: String(login.dropFirst(user.count + 1)),
            prefix: ByteString(location.prefix)
        )
    }
}
