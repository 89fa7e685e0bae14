package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Backup writes a copy of the database, as it is at this moment, to a new file at path that only its owner may read.
// It may be made while another process runs on the database. The file appears when it is whole, checked and on disk;
// one that is there already is not touched.
func (db *DB) Backup(ctx context.Context, path string) (err error) {
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*") // which is private
	if err != nil {
		return fmt.Errorf("backup: %w", &fs.PathError{Op: "write", Path: path, Err: errors.Unwrap(err)})
	}
	defer func() { err = errors.Join(err, part.Close(), os.Remove(part.Name())) }()
	if err := db.vacuumInto(ctx, part.Name()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := foresee(ctx, part.Name()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := sound(ctx, part.Name()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := part.Sync(); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := os.Link(part.Name(), path); err != nil { // unlike a rename it replaces nothing
		return fmt.Errorf("backup: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

func (db *DB) vacuumInto(ctx context.Context, path string) error {
	c := <-db.readers
	defer func() { db.readers <- c }()
	_, err := c.ExecContext(ctx, "VACUUM INTO ?", path)
	return err
}

// foresee notes in the database at path, a copy, that what is planned in it may be done by the time that it is restored:
// it is then settled, as after a crash, and not simply done.
func foresee(ctx context.Context, path string) error {
	db, err := openExisting(path, "mode=rw", time.Now)
	if err != nil {
		return err
	}
	_, err = db.pool.ExecContext(ctx, "UPDATE actions SET state = 'doing', started = at WHERE state IN ('planned', 'doing') AND state = 'planned'")
	return errors.Join(err, db.Close())
}

// sound returns an error if the database at path is damaged.
func sound(ctx context.Context, path string) error {
	db, err := OpenReadOnly(path)
	if err != nil {
		return err
	}
	var verdict string
	err = db.pool.QueryRowContext(ctx, "PRAGMA quick_check").Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("the copy is damaged: %s", verdict)
	}
	return errors.Join(err, db.Close())
}

// syncFolder brings a new name in a folder onto the disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}
