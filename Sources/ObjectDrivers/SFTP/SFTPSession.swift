// SPDX-License-Identifier: Apache-2.0
// One connection to a server with its SFTP channel. libssh's calls block; a session belongs to one thread at
// a time, and one whose connection failed is of no use any more.

import CLibssh
import Glibc
import ObjectStorage
import SluiceBase

/// Why a call failed, before anybody knows which object it was about.
struct SFTPFault: Error {
    enum Kind {
        case missing
        case denied
        /// The servers' word for whatever has none of its own: exists, not empty, no space.
        case refused
        case unsupported
        case lost
    }

    let kind: Kind
    let reason: String

    func error(_ operation: String, key: ObjectKey?, address: String) -> StorageError {
        let code: StorageError.Code =
            switch kind {
            case .missing: .notFound
            case .denied: .denied
            case .refused: .failed
            case .unsupported: .unsupported
            case .lost: .unreachable
            }
        return StorageError(code, operation, key: key, address: address, reason: reason)
    }
}

/// An open session.
///
/// `@unchecked Sendable`: only the thread that took it from the pool touches it, and the pool's lock hands it
/// on.
@safe final class SFTPSession: @unchecked Sendable {
    /// Both owned, from init to deinit.
    private let ssh: ssh_session
    let sftp: sftp_session
    /// Whoever waits for the server beats it.
    let pulse: SFTPPulse
    private let watch: SFTPWatch
    private var isAbandoned = false
    /// Whether a rename replaces what has the name already.
    let renamesOver: Bool
    /// Bytes of one write.
    let writeSize: Int

    /// Connects and logs in.
    init(_ location: SFTPLocation, _ login: SFTPLogin, _ watch: SFTPWatch) throws(StorageError) {
        func failure(_ code: StorageError.Code, _ reason: String) -> StorageError {
            StorageError(code, "connect", address: location.address, reason: reason)
        }
        if let missing = unsafe clibssh_load() {
            let name = unsafe String(cString: missing)
            throw failure(.unsupported, "\(name) is missing; it comes with the package libssh-4")
        }
        guard let ssh = unsafe ssh_new() else { throw failure(.failed, "out of memory") }
        do throws(StorageError) {
            unsafe Self.set(ssh, location, login)
            guard unsafe ssh_connect(ssh) == SSH_OK else {
                throw failure(.unreachable, unsafe Self.words(ssh))
            }
            let pulse = unsafe SFTPPulse(ssh_get_fd(ssh))
            pulse.beat()
            watch.look(after: pulse)
            do throws(StorageError) {
                unsafe sftp = try unsafe Self.enter(ssh, login, failure)
            } catch {
                watch.forget(pulse)
                throw error
            }
            unsafe self.ssh = unsafe ssh
            self.pulse = pulse
            self.watch = watch
        } catch {
            unsafe ssh_disconnect(ssh)
            unsafe ssh_free(ssh)
            throw error
        }
        renamesOver = unsafe sftp_extension_supported(sftp, "posix-rename@openssh.com", "1") == 1
        // Those who tell their limits take a quarter of a megabyte, others not more than the standard says.
        let isRoomy = unsafe sftp_extension_supported(sftp, "limits@openssh.com", "1") == 1
        writeSize = isRoomy ? 128 << 10 : 32 << 10
    }

    private static func enter(
        _ ssh: ssh_session,
        _ login: SFTPLogin,
        _ failure: (StorageError.Code, String) -> StorageError,
    ) throws(StorageError) -> sftp_session {
        if let reason = unsafe login.distrust(ssh) { throw failure(.denied, reason) }
        if let reason = unsafe login.enter(ssh) {
            // A server that went away meanwhile refused nothing.
            guard unsafe ssh_is_connected(ssh) == 1 else {
                throw failure(.unreachable, unsafe Self.words(ssh))
            }
            throw failure(.denied, reason)
        }
        guard let sftp = unsafe sftp_new(ssh) else { throw failure(.unreachable, unsafe Self.words(ssh)) }
        guard unsafe sftp_init(sftp) == 0 else {
            unsafe sftp_free(sftp)
            throw failure(.unsupported, "the server offers no SFTP")
        }
        return unsafe sftp
    }

    deinit {
        watch.forget(pulse)
        unsafe sftp_free(sftp)
        unsafe ssh_disconnect(ssh)
        unsafe ssh_free(ssh)
    }

    /// Whether the server can still answer.
    ///
    /// Its part for SFTP may have ended on a connection that stands. libssh's calls do not say so, they leave
    /// the code of an earlier failure as theirs.
    var isConnected: Bool {
        guard !isAbandoned, unsafe ssh_is_connected(ssh) == 1 else { return false }
        return unsafe ssh_channel_is_open(sftp.pointee.channel) != 0
            && ssh_channel_is_eof(sftp.pointee.channel) == 0
    }

    /// Nobody knows any more what the server is about to say.
    func abandon() {
        isAbandoned = true
    }

    private static func set(_ ssh: ssh_session, _ location: SFTPLocation, _ login: SFTPLogin) {
        func set(_ option: ssh_options_e, _ text: String?) {
            if let text { _ = unsafe ssh_options_set(ssh, option, text) }
        }
        func set(_ option: ssh_options_e, _ number: Int32) {
            _ = unsafe withUnsafePointer(to: number) { unsafe ssh_options_set(ssh, option, $0) }
        }
        set(SSH_OPTIONS_HOST, location.host)
        set(SSH_OPTIONS_PORT, Int32(location.port))
        set(SSH_OPTIONS_USER, login.user)
        set(SSH_OPTIONS_SSH_DIR, login.folder)
        set(SSH_OPTIONS_KNOWNHOSTS, login.knownHosts)
        // What stands in the user's configuration of ssh is about other programs.
        set(SSH_OPTIONS_PROCESS_CONFIG, 0)
        set(SSH_OPTIONS_NODELAY, 1)
        _ = unsafe withUnsafePointer(to: 10 as CLong) { unsafe ssh_options_set(ssh, SSH_OPTIONS_TIMEOUT, $0) }
    }

    private static func words(_ ssh: ssh_session) -> String {
        guard let text = unsafe ssh_get_error(UnsafeMutableRawPointer(ssh)) else { return "" }
        return terminalSafe(String(unsafe String(cString: text).prefix(300)))
    }

    // MARK: Calls

    /// Runs a call that says 0 for success.
    func check(_ call: () -> Int32) throws(SFTPFault) {
        pulse.beat()
        guard call() == 0 else { throw fault() }
    }

    /// What the last call failed for.
    func fault() -> SFTPFault {
        fault(of: unsafe sftp_get_error(sftp), words: unsafe Self.words(ssh))
    }

    /// What a code of the protocol means.
    func fault(of code: Int32, words: String) -> SFTPFault {
        guard isConnected else { return SFTPFault(kind: .lost, reason: words) }
        switch code {
        case SSH_FX_NO_SUCH_FILE, SSH_FX_NO_SUCH_PATH: return SFTPFault(kind: .missing, reason: "")
        case SSH_FX_PERMISSION_DENIED, SSH_FX_WRITE_PROTECT: return SFTPFault(kind: .denied, reason: "")
        case SSH_FX_OP_UNSUPPORTED: return SFTPFault(kind: .unsupported, reason: "the server cannot do this")
        case SSH_FX_NO_CONNECTION, SSH_FX_CONNECTION_LOST, SSH_FX_BAD_MESSAGE:
            return SFTPFault(kind: .lost, reason: words)
        default:
            let reason = words.isEmpty ? "the server refuses without a reason" : words
            return SFTPFault(kind: .refused, reason: reason)
        }
    }

    /// What is under a path.
    func status(_ path: SFTPPath, followingLinks: Bool = true) throws(SFTPFault) -> SFTPStatus {
        pulse.beat()
        let found = unsafe path.call { path in
            unsafe followingLinks ? sftp_stat(sftp, path) : sftp_lstat(sftp, path)
        }
        guard let found = unsafe found else { throw fault() }
        defer { unsafe sftp_attributes_free(found) }
        return unsafe SFTPStatus(found.pointee)
    }
}

/// A path as libssh takes it.
struct SFTPPath {
    /// Without a zero byte.
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func call<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        unsafe (bytes + [0]).withUnsafeBytes { unsafe body($0.bindMemory(to: CChar.self).baseAddress) }
    }
}

/// What a server tells of a file; each of it is left out by some.
struct SFTPStatus: Hashable {
    let kind: ObjectKind
    let isLink: Bool
    let size: UInt64
    let modified: Timestamp

    init(_ found: sftp_attributes_struct) {
        let flags = unsafe found.flags
        let hasMode = flags & UInt32(SSH_FILEXFER_ATTR_PERMISSIONS) != 0
        let format = unsafe hasMode ? found.permissions & UInt32(S_IFMT) : 0
        isLink = format == UInt32(S_IFLNK)
        kind =
            switch format {
            case UInt32(S_IFREG), 0: .object
            case UInt32(S_IFDIR): .directory
            case UInt32(S_IFLNK): .symlink
            default: .special
            }
        size = unsafe flags & UInt32(SSH_FILEXFER_ATTR_SIZE) != 0 ? found.size : 0
        let hasTime = flags & UInt32(SSH_FILEXFER_ATTR_ACMODTIME) != 0
        modified = unsafe hasTime ? Timestamp(seconds: Int64(found.mtime)) : .epoch
    }
}
