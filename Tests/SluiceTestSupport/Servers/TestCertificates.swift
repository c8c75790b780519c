// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// An authority, a server's certificate for localhost and 127.0.0.1, a client's, and an authority that signed
/// nothing; made by the openssl program, in a folder that goes with this object.
package final class TestCertificates: Sendable {
    package let folder: String

    /// - Throws: `ProgramError` when openssl is not there or fails.
    package init() throws {
        folder = "\(try Posix.makeTemporaryDirectory(prefix: "sluice-tls-"))"
        let script = """
            cd '\(folder)'
            authority() {
                openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" \\
                    -keyout "$1.key" -out "$1.pem"
            }
            signed() {
                openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
                echo "subjectAltName=$2" > "$1.ext"
                openssl x509 -req -days 2 -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial \\
                    -extfile "$1.ext" -out "$1.pem"
            }
            authority ca; authority other
            signed server DNS:localhost,IP:127.0.0.1; signed client DNS:client
            """
        guard let bash = Programs.named("bash") else { throw ProgramError(description: "there is no bash") }
        let environment = ["PATH": Programs.searchPath, "LC_ALL": "C", "HOME": folder]
        let result = try Program(bash, ["-euc", script], environment: environment).run()
        guard result.status == 0 else { throw ProgramError(description: result.story) }
    }

    deinit {
        try? Posix.removeTree(ByteString(folder))
    }

    package func path(_ name: String) -> String { "\(folder)/\(name)" }
}
