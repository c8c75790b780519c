// SPDX-License-Identifier: Apache-2.0
// From the text of `--bucket` to a bucket somewhere (data-format §2.1, §2.2, JuiceFS 1.4.2).

package import ObjectStorage
import SluiceBase

/// A bucket and the way to it.
package struct S3Location: Hashable, Sendable {
    package var isSecure: Bool
    /// Without the bucket; with Amazon a region's own host takes its place.
    package var host: String
    package var port: UInt16?
    package var bucket: String
    /// Whether the bucket is the first part of the path and not of the host.
    package var usesPathStyle: Bool
    /// Nil is to be found out.
    package var region: String?
    /// Whether the host is Amazon's, and follows from the region.
    package var isAmazon: Bool
    /// What the query says: `tls-insecure-skip-verify`, `ca-certs`, `ssl-cert`, `ssl-key`,
    /// `disable-checksum`, `region`.
    package var options: [String: String]

    /// Reads an address.
    /// - Parameter isPlain: without a scheme in the address, HTTP rather than HTTPS.
    /// - Throws: `.unsupported` with a sentence for what is no address of a bucket.
    package init(
        scheme: String,
        bucket address: String,
        isPlain: Bool = false,
        environment: Environment,
    ) throws(StorageError) {
        guard let dialect = S3Dialect.named(scheme) else {
            throw Self.refusal(scheme, "this is not one of the storages that speak S3")
        }
        let text = Self.completed(address, dialect, isPlain: isPlain)
        guard let target = HTTPTarget(url: text) else {
            throw Self.refusal(scheme, "the bucket is not an address, as in https://HOST/BUCKET")
        }
        isSecure = target.isSecure
        host = target.host
        port = target.port
        isAmazon = scheme == "s3" && target.host.hasSuffix(".amazonaws.com")
        options = Dictionary(target.query.map { ($0.name, String(decoding: $0.value, as: UTF8.self)) }) { $1 }
        usesPathStyle = dialect.usesPathStyle
        region = nil
        self.bucket = ""
        var path = target.path.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
        if scheme == "minio", path.count > 1, path.first == "minio" { path.removeFirst() }
        if let first = path.first, scheme == "s3" || dialect.usesPathStyle {
            self.bucket = first
            usesPathStyle = !isAmazon
        } else {
            guard !dialect.usesPathStyle else { throw Self.refusal(scheme, "the address names no bucket") }
            splitHost(dialect)
        }
        if scheme == "s3", !isAmazon {
            let wish = environment("JFS_S3_VHOST_STYLE") ?? ""
            usesPathStyle = ["", "0", "false"].contains(wish.lowercased())
        }
        region = options["region"] ?? region ?? Self.region(of: target.host, dialect, environment)
        guard Self.isBucketName(self.bucket), !host.isEmpty else {
            throw Self.refusal(scheme, "the address names no bucket")
        }
    }

    /// Puts a scheme and a host where the address has none.
    private static func completed(_ address: String, _ dialect: S3Dialect, isPlain: Bool) -> String {
        var text = address
        let own = "\(dialect.scheme)://"
        if text.hasPrefix(own) { text = String(text.dropFirst(own.count)) }
        guard !text.hasPrefix("http://"), !text.hasPrefix("https://") else { return text }
        let name = text.prefix { $0 != "/" && $0 != "?" }
        if let host = dialect.standardHost, !name.contains(".") || dialect.scheme == "gs" {
            let bucket = name.prefix { $0 != "." }
            return "https://\(host)/\(bucket)\(text.dropFirst(name.count))"
        }
        let isPlain =
            isPlain || dialect.scheme == "minio"
            || (dialect.scheme == "s3" && name.contains(".") && !name.hasSuffix(".amazonaws.com"))
        return (isPlain ? "http://" : "https://") + text
    }

    /// Takes the bucket from the front of the host.
    private mutating func splitHost(_ dialect: S3Dialect) {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        if dialect.scheme == "s3", labels.count == 1 {
            bucket = host
            host = "s3.amazonaws.com"
            isAmazon = true
            return
        }
        if isAmazon, let start = labels.firstIndex(where: { $0 == "s3" || $0.hasPrefix("s3-") }), start > 0 {
            bucket = labels[..<start].joined(separator: ".")
            host = labels[start...].joined(separator: ".")
            return
        }
        bucket = String(labels[0])
        host = labels.dropFirst().joined(separator: ".")
        // A private endpoint of Amazon's keeps its own host.
        isAmazon = isAmazon && !host.contains(".vpce.")
    }

    /// The region that the host, the environment or the dialect names; nil only where Amazon can be asked.
    private static func region(
        of host: String,
        _ dialect: S3Dialect,
        _ environment: Environment,
    ) -> String? {
        let labels = host.split(separator: ".").map(String.init)
        switch dialect.region {
        case .fixed(let region):
            return (dialect.scheme == "minio" ? environment("MINIO_REGION") : nil) ?? region
        case .label(let index, let prefix):
            guard labels.indices.contains(index) else { return "us-east-1" }
            return labels[index].hasPrefix(prefix)
                ? String(labels[index].dropFirst(prefix.count)) : labels[index]
        case .amazon:
            if let region = amazonRegion(labels) { return region }
            let named = environment("AWS_REGION") ?? environment("AWS_DEFAULT_REGION")
            if let named, !named.isEmpty { return named }
            return host.hasSuffix(".amazonaws.com") || labels.count == 1 ? nil : "us-east-1"
        }
    }

    /// `s3.REGION`, `s3-REGION`, `s3.dualstack.REGION`, `vpce`; Oracle's and OVH's hosts.
    private static func amazonRegion(_ labels: [String]) -> String? {
        if let index = labels.firstIndex(of: "oraclecloud"), index > 0 { return labels[index - 1] }
        if let index = labels.firstIndex(of: "s3"), labels.contains("ovh"), labels.indices.contains(index + 1)
        {
            return labels[index + 1]
        }
        guard labels.suffix(2) == ["amazonaws", "com"] || labels.suffix(3) == ["amazonaws", "com", "cn"]
        else {
            return nil
        }
        if let index = labels.firstIndex(of: "vpce"), index > 0 { return labels[index - 1] }
        guard let index = labels.lastIndex(where: { $0 == "s3" || $0.hasPrefix("s3-") }) else { return nil }
        if labels[index] != "s3" {
            let region = String(labels[index].dropFirst(3))
            return region == "external-1" ? "us-east-1" : region
        }
        let rest = labels[(index + 1)...].filter { $0 != "dualstack" }
        guard let region = rest.first, region != "amazonaws" else { return nil }
        return region
    }

    /// What every store takes for the name of a bucket.
    private static func isBucketName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func refusal(_ scheme: String, _ reason: String) -> StorageError {
        StorageError(.unsupported, "open", address: "\(scheme)://", reason: reason)
    }

    /// Where a request for a key goes, once the region is known.
    func target(_ key: ObjectKey?, region: String, query: [HTTPParameter] = []) -> HTTPTarget {
        var path = [UInt8(ascii: "/")]
        var host = host
        if isAmazon, host == "s3.amazonaws.com" || host.hasPrefix("s3.") || host.hasPrefix("s3-") {
            host = "s3.\(region).amazonaws.com" + (region.hasPrefix("cn-") ? ".cn" : "")
        }
        // A name with dots does not match the certificates of virtual hosts.
        if usesPathStyle || (isSecure && bucket.contains(".")) {
            path += bucket.utf8
            if let key { path += [UInt8(ascii: "/")] + key.bytes }
        } else {
            host = "\(bucket).\(host)"
            if let key { path += key.bytes }
        }
        return HTTPTarget(isSecure: isSecure, host: host, port: port, path: path, query: query)
    }

    /// For people: `s3://127.0.0.1:9000/bucket/`, `s3://bucket/`.
    func address(scheme: String) -> String {
        if isAmazon { return "\(scheme)://\(bucket)/" }
        let authority = HTTPTarget(isSecure: isSecure, host: host, port: port).authority
        return usesPathStyle ? "\(scheme)://\(authority)/\(bucket)/" : "\(scheme)://\(bucket).\(authority)/"
    }
}
