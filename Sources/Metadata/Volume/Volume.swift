// SPDX-License-Identifier: Apache-2.0
// A volume as this program works on it: an engine, its settings, the ids it may hand out and the usage it has
// not flushed yet. The rules themselves are extensions of `Operation`, one file per family.
//
// Lock order: the flush gate, the usage gate, the engine's; `settingsState` and the id pools are leaves;
// nothing is called while one is held.

package import SluiceBase
package import Synchronization
package import VolumeModel

/// An open volume.
///
/// Thread-safe.
package final class Volume: Sendable {
    package let engine: any MetadataEngine
    package let clock: any TimeSource
    package let usage: UsageLedger
    /// Whether other clients were registered when this one last looked: then bulk work leaves them room.
    package let hasOtherClients = Atomic(false)
    private let settingsState: Mutex<VolumeSettings>
    let inodeIDs: IDPool
    let sliceIDs: IDPool
    let changeAuthor = ChangeAuthor()
    /// Keeps recounts of usage apart from operations.
    let usageGate = UsageGate()
    /// Lets one flush or recount run at a time.
    let flushGate = UsageGate()

    /// Wraps an engine whose settings have been read and checked (`VolumeSettings.checkVersion`).
    package init(engine: any MetadataEngine, settings: VolumeSettings, clock: any TimeSource = SystemClock())
    {
        self.engine = engine
        self.clock = clock
        usage = UsageLedger()
        settingsState = Mutex(settings)
        inodeIDs = IDPool(counter: .nextInode, batch: Inode.batch, first: Inode.root.number + 1)
        sliceIDs = IDPool(counter: .nextChunk, batch: Slice.batch, first: 1)
    }

    /// The settings as last read; clients reload them at every heartbeat.
    package var settings: VolumeSettings {
        get { settingsState.withLock { $0 } }
        set { settingsState.withLock { $0 = newValue } }
    }

    /// Runs file-system operations as one transaction.
    ///
    /// `body` may run several times; it must have no effects outside `operation`. Usage that the operations
    /// changed is recorded after the commit.
    /// - Parameters:
    ///   - inodes: how many new nodes the operations may create.
    ///   - slices: how many new slices they may register.
    package func perform<Result>(
        inodes: Int = 0,
        slices: Int = 0,
        _ body: (Operation) throws -> Result,
    ) throws -> Result {
        let newInodes = try inodeIDs.take(inodes, of: self)
        let newSlices = try sliceIDs.take(slices, of: self)
        let (result, operation) = try usageGate.passing {
            let (result, operation) = try engine.write { transaction in
                let operation = Operation(
                    transaction,
                    volume: self,
                    time: clock.now(),
                    inodes: newInodes,
                    slices: newSlices
                )
                let result = try body(operation)
                try operation.finish()
                return (result, operation)
            }
            usage.add(operation.effects, countsTotals: !engine.countsUsageInTransactions)
            return (result, operation)
        }
        inodeIDs.giveBack(operation.unusedInodes)
        sliceIDs.giveBack(operation.unusedSlices)
        return result
    }
}
