package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"supportbot/store"
)

// backupCmd copies the database.
type backupCmd struct {
	configFlag
	File string `arg:"" help:"The file to write; it must not be there yet."`
}

func (backupCmd) Help() string {
	return `Writes a copy of the database as it is at this moment, which only you may read. The file appears when it is whole, checked ` +
		`and on disk. Copy the database only with this command: supportbot.db alone may lack what is in supportbot.db-wal.

To restore: stop the bot, move supportbot.db, supportbot.db-wal and supportbot.db-shm away, copy the backup to where supportbot.db was, ` +
		`and start the bot. It then looks for what was said since, finds the issues and answers that are there already, and goes on.`
}

func (b backupCmd) Run(ctx context.Context, e *environment) error {
	if b.File == "" {
		return usageError{errors.New("name the file to write, such as /backup/monday.db")}
	}
	if _, err := os.Lstat(b.File); err == nil {
		return fmt.Errorf("%s is there already, and a backup replaces nothing: name another", b.File)
	}
	err := b.open(func(db *store.DB) error {
		if err := db.Fit(); errors.Is(err, store.ErrEmpty) {
			return err
		}
		return db.Backup(ctx, b.File)
	})
	if err != nil {
		return err
	}
	info, err := os.Stat(b.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s is written, %d kB.\n", b.File, (info.Size()+1023)/1024)
	return nil
}
