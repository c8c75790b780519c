// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

/// How gc looks and deletes.
package struct CollectOptions: Sendable {
    /// Objects younger than this many seconds stay (JuiceFS 1.4.2: 3600).
    package var marginSeconds: Int64
    /// Deletions at a time, 1 or more.
    package var threads: Int
    /// Where the plan is kept; nil for a file without a name.
    package var planPath: ByteString?
    package var spill: SpillSpace
    package var cancellation: Cancellation

    package init(
        marginSeconds: Int64 = 3600,
        threads: Int = 10,
        planPath: ByteString? = nil,
        spill: SpillSpace = SpillSpace(),
        cancellation: Cancellation = Cancellation(),
    ) {
        self.marginSeconds = marginSeconds
        self.threads = threads
        self.planPath = planPath
        self.spill = spill
        self.cancellation = cancellation
    }
}
