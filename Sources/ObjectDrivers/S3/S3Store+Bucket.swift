// SPDX-License-Identifier: Apache-2.0

package import ObjectStorage
import SluiceBase

extension S3Store {
    package func create() throws(StorageError) {
        if try exists() { return }
        var call = S3Connection.Call(.put)
        let region = connection.region
        // Compatibility: JuiceFS 1.4.2 sends the constraint for us-east-1 too, which Amazon refuses.
        let body =
            region == "us-east-1"
            ? ""
            : "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + "<LocationConstraint>\(region)</LocationConstraint></CreateBucketConfiguration>"
        call.body = ArraySource(Array(body.utf8))
        do throws(StorageError) {
            _ = try connection.send(call, "create")
        } catch {
            // Somebody may have been faster.
            if error.storeCode == "BucketAlreadyOwnedByYou" { return }
            if error.storeCode == "BucketAlreadyExists", try exists() { return }
            throw error
        }
    }

    /// Whether the bucket is there and ours to look into.
    private func exists() throws(StorageError) -> Bool {
        do throws(StorageError) {
            _ = try connection.send(S3Connection.Call(.head), "look up")
            return true
        } catch {
            // A bucket without key: 404 of a HEAD, which has no body to say NoSuchBucket in.
            guard error.code == .failed else { throw error }
            return false
        }
    }

    package func delete(_ keys: [ObjectKey]) -> [ObjectKey: StorageError] {
        var failures: [ObjectKey: StorageError] = [:]
        // XML cannot name every key; those go one by one.
        let isNamed = { (key: ObjectKey) in
            key.bytes.allSatisfy { $0 >= 0x20 } && key.text != nil && (1...1024).contains(key.count)
        }
        let named = limits.deletionBatch > 1 ? keys.filter(isNamed) : []
        for key in Set(keys).subtracting(named) {
            do throws(StorageError) { try delete(key) } catch { failures[key] = error }
        }
        for start in stride(from: 0, to: named.count, by: limits.deletionBatch) {
            let batch = Array(named[start..<min(start + limits.deletionBatch, named.count)])
            do throws(StorageError) {
                for failure in try deleteBatch(batch) { failures[failure.key] = error(of: failure) }
            } catch {
                for key in batch { failures[key] = error }
            }
        }
        return failures
    }

    private func deleteBatch(_ keys: [ObjectKey]) throws(StorageError) -> [DeletionPage.Failure] {
        var text = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>"
        for key in keys { text += "<Object><Key>\(XMLText.escaped(key.bytes))</Key></Object>" }
        text += "</Delete>"
        let body = Array(text.utf8)
        var call = S3Connection.Call(.post, nil, query: [HTTPParameter("delete")])
        call.headers["content-type"] = "application/xml"
        call.headers["content-md5"] = Base64.encode(Digest.md5(body))
        call.body = ArraySource(body)
        let response = try connection.send(call, "delete objects of")
        do throws(CodecError) {
            return try DeletionPage(response.body).failures
        } catch {
            throw StorageError(.failed, "delete objects of", address: address, reason: "\(error)")
        }
    }

    /// What a store says of one object of a batch.
    private func error(of failure: DeletionPage.Failure) -> StorageError {
        let isTransient = ["InternalError", "SlowDown", "ServiceUnavailable"].contains(failure.code)
        return StorageError(
            failure.code == "AccessDenied" ? .denied : isTransient ? .unreachable : .failed,
            "delete",
            key: failure.key,
            address: address,
            reason: terminalSafe("\(failure.code): \(failure.message)"),
            isTransient: isTransient
        )
    }
}
