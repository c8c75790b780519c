// SPDX-License-Identifier: Apache-2.0

package import ObjectStorage
package import SluiceBase

/// A key pair, maybe with a token, maybe for a time only.
package struct S3Credentials: Hashable, Sendable, CustomStringConvertible {
    package var accessKey: String
    package var secretKey: String
    package var sessionToken: String?
    /// Nil does not end.
    package var expires: Timestamp?

    package init(
        accessKey: String,
        secretKey: String,
        sessionToken: String? = nil,
        expires: Timestamp? = nil,
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken?.isEmpty == true ? nil : sessionToken
        self.expires = expires
    }

    /// Never the secrets.
    package var description: String { "key \(accessKey)" }
}

/// Where keys come from; asked from any thread.
package protocol CredentialSource: Sendable {
    /// Nil when this source has none.
    /// - Throws: when it should have some and cannot give them.
    func credentials() throws(StorageError) -> S3Credentials?
}

/// Keys that are known.
struct FixedCredentials: CredentialSource {
    let known: S3Credentials

    func credentials() -> S3Credentials? { known }
}

/// A lookup of variables, the process's environment unless a test has its own.
package typealias Environment = @Sendable (String) -> String?

/// Keys of environment variables, by the names that a dialect and AWS give them.
struct EnvironmentCredentials: CredentialSource {
    let environment: Environment
    let names: [DialectVariables]

    func credentials() -> S3Credentials? {
        for name in names {
            guard let key = environment(name.accessKey), !key.isEmpty,
                let secret = environment(name.secretKey), !secret.isEmpty
            else { continue }
            return S3Credentials(
                accessKey: key,
                secretKey: secret,
                sessionToken: name.sessionToken.flatMap(environment)
            )
        }
        return nil
    }
}

/// The variables that hold a key pair.
struct DialectVariables: Hashable, Sendable {
    var accessKey: String
    var secretKey: String
    var sessionToken: String?

    static let aws = DialectVariables(
        accessKey: "AWS_ACCESS_KEY_ID",
        secretKey: "AWS_SECRET_ACCESS_KEY",
        sessionToken: "AWS_SESSION_TOKEN"
    )
}
