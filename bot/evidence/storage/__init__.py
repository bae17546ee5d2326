"""Where packages lie: through to the disk, never over another, with room to spare."""
