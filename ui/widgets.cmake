set(UI_WIDGET_SOURCES canvas.c glyph.c theme.c bar.c table.c)
