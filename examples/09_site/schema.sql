-- A real site keeps hashes of passwords.
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, password TEXT NOT NULL);
CREATE TABLE notes (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES users, text TEXT NOT NULL);
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT UNIQUE NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    csrf TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    user INTEGER REFERENCES users,
    -- What its visitor is to be told, once.
    flash TEXT
);
INSERT INTO users VALUES (1, 'Ann', 'tea'), (2, 'Bob', 'juice');
INSERT INTO notes VALUES (1, 1, 'Water the plants'), (2, 2, 'Buy milk');
