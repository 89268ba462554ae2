"""The limits of the protocol, each with its unit and its reason."""

from typing import Final

KIB: Final = 1024

# Bytes of one WebSocket message: room for a step 2 of a long offline session, too little to stall a room.
FRAME: Final = 512 * KIB
# Bytes of an entry's body: several images among a run's outputs, the largest that a kernel may show included.
BODY: Final = 8 * KIB * KIB
# Bytes of entries that come packed, unpacked: what a page sets aside for them before it reads them.
PACKED: Final = KIB * KIB
# Bytes of one edit: a paste of 1 MB keeps the document engine busy for 44 ms, a quarter is still prompt.
UPDATE: Final = 256 * KIB
# Bytes of a step 2: the whole delete set rides along with it, so it may fill a frame where an edit may not.
STEP2: Final = FRAME
# Bytes of the JSON of one awareness state: a name, a colour and a cursor need 500.
AWARENESS_STATE: Final = 8 * KIB
# States in one awareness frame: more than any room has people.
AWARENESS_STATES: Final = 1_000
# Yjs client ids one participant may use in a room: one a page load, and one each time yjs changes its own.
CLIENT_IDS: Final = 64

# Steps in search of what stands between the neighbours of new text, for one update (SPEC, A-12): some 0.3 s.
# Somebody who was offline for an hour, with 5,000 edits at a place where others wrote as much, takes 5,000,
# and 800,000 in the worst order.
STEPS: Final = 2_000_000
# The same where other people's text comes back: 60 people who all wrote 200 times unseen take 1,600,000.
RELAY_STEPS: Final = 4 * STEPS

# Lengths of text are counted in Unicode code points.
CHAT: Final = 4_000
PATH: Final = 200
TITLE: Final = 200
NAME: Final = 60
# Answers to input() and prompts: a line somebody types, with room for a paste.
INPUT: Final = 64 * KIB
# Identifiers (rooms, participants, instances, runs, lineages).
ID: Final = 100
# The address of a document on a socket of Hocuspocus' dialect: a room's id and the id of a session.
ADDRESS: Final = 2 * ID
# Documents on one such socket, and frames and bytes that may wait there for the answer to a token: a provider
# sends each edit that was made offline.
DOCUMENTS: Final = 50
EARLY_FRAMES: Final = 1_000
EARLY_BYTES: Final = 2 * FRAME
# UTF-8 bytes of the code of one run.
CODE: Final = 256 * KIB
# Files in a room, the deleted ones not counted.
FILES: Final = 50
# Participants of a room, over all its time: far more than any interview has, few enough to show and to fold.
PEOPLE: Final = 250
# Bytes of one data file: it travels in one piece, and the kernel's folder holds eight of them.
DATA_FILE: Final = 16 * KIB * KIB
# Bytes of all data files of a room: half of what the kernel's folder holds.
DATA_ROOM: Final = 64 * KIB * KIB
# Data files in a room.
DATA_FILES: Final = 50
# UTF-8 bytes of all files of a room that go along with a run.
RUN_FILES: Final = 4 * KIB * KIB
# Outputs that a run shows; what comes after them is counted as dropped.
OUTPUTS: Final = 1_000
