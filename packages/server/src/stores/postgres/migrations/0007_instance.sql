-- What the nodes of this database agree on, whichever was first: the admin key's hash, and a text that tells whether a
-- node has the encryption key of the others.
CREATE TABLE instance (
  name text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
);
