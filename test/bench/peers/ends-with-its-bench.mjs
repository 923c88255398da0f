// Loaded before each peer: none of them goes on when the bench that began it is gone, however that ended.
import process from 'node:process';

process.on('disconnect', () => process.exit());
