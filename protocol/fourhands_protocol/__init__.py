"""The ground of Fourhands: what crosses a wire or a disk, as bytes and as types; imports nothing of ours."""
