// SPDX-License-Identifier: Apache-2.0

package import ObjectStorage
import SluiceBase

extension StorageDriver {
    /// Everything that speaks S3.
    package static let s3 = StorageDriver(S3Dialect.all.map(\.scheme)) { request throws(StorageError) in
        try S3Store.open(request)
    }
}

extension S3Store {
    /// Opens a bucket; nothing is sent yet.
    /// - Parameters:
    ///   - isPlain: without a scheme in the address, HTTP rather than HTTPS.
    ///   - stallSeconds: without a byte in either direction a request has failed.
    /// - Throws: `.unsupported` for an address that names no bucket.
    package static func open(
        _ request: StorageRequest,
        isPlain: Bool = false,
        stallSeconds: Double = 60,
        observer: HTTPObserver? = nil,
    ) throws(StorageError) -> S3Store {
        let location = try S3Location(
            scheme: request.storage,
            bucket: request.bucket,
            isPlain: isPlain,
            environment: request.environment
        )
        guard let dialect = S3Dialect.named(request.storage) else {
            throw StorageError(.unsupported, "open", address: "\(request.storage)://")
        }
        var settings = HTTPSettings(options: location.options)
        settings.usesHTTP2 = location.options["http2"]?.lowercased() == "true"
        settings.cancellation = request.cancellation
        settings.stallSeconds = stallSeconds
        settings.firstByteSeconds = stallSeconds
        let transport = HTTPTransport(settings, observer: observer)
        let chain = CredentialChain(sources(request, dialect))
        return S3Store(S3Connection(location, dialect, transport, chain))
    }

    /// Where keys come from, in this order.
    private static func sources(_ request: StorageRequest, _ dialect: S3Dialect) -> [any CredentialSource] {
        // Unsigned requests, as JuiceFS 1.4.2 has them.
        guard request.accessKey != "anonymous" else { return [] }
        guard request.accessKey.isEmpty || request.secretKey.isEmpty else {
            return [
                FixedCredentials(
                    known: S3Credentials(
                        accessKey: request.accessKey,
                        secretKey: request.secretKey,
                        sessionToken: request.sessionToken
                    )
                )
            ]
        }
        let environment = request.environment
        let names = [dialect.variables, .aws].compactMap { $0 }
        // These services are near or not there at all.
        var settings = HTTPSettings()
        settings.connectSeconds = 1
        settings.firstByteSeconds = 5
        settings.cancellation = request.cancellation
        let transport = HTTPTransport(settings)
        return [
            EnvironmentCredentials(environment: environment, names: names),
            WebIdentityCredentials(environment: environment, transport: transport),
            SharedProfile(environment: environment),
            ContainerCredentials(environment: environment, transport: transport),
            InstanceCredentials(environment: environment, transport: transport),
        ]
    }
}
