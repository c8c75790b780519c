// SPDX-License-Identifier: Apache-2.0

extension ObjectServer {
    /// Writes what Apache needs to serve the folder `data` with a login.
    /// - Returns: its arguments.
    static func configureApache(_ place: Workplace, _ port: UInt16) throws -> [String] {
        let modules = [
            "mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "dav",
            "dav_fs",
            "dir", "autoindex",
        ]
        let loads = modules.map { "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so" }
        // Root's server becomes another user, who has to reach the folders.
        try place.script(
            """
            chmod 711 .
            mkdir -m 777 data lock
            digest=$(printf %s '\(secretKey)' | openssl dgst -sha1 -binary | base64)
            printf '%s:{SHA}%s\\n' '\(accessKey)' "$digest" >users
            cat >conf <<'END'
            ServerRoot \(place.folder)
            ServerName localhost
            Listen 127.0.0.1:\(port)
            PidFile pid
            ErrorLog log
            \(loads.joined(separator: "\n"))
            User www-data
            Group www-data
            DavLockDB lock/locks
            DocumentRoot \(place.path("data"))
            <Directory \(place.path("data"))>
                Dav On
                Options Indexes
                AuthType Basic
                AuthName files
                AuthUserFile users
                Require valid-user
            </Directory>
            END
            """
        )
        return ["-f", place.path("conf"), "-D", "FOREGROUND"]
    }
}
